import type { Kind } from './target.js';

/** The socket that systemd-ssh-generator binds on every host. */
export const localSocket = '/run/ssh-unix-local/socket';

/** .host: this machine itself, without its network. */
export const dotHost: Kind = {
  name: '.host',
  form: '.host',
  summary: 'this host itself, by its local unix socket',
  match: (text) => /^(?:machine[/%])?\.host$/i.exec(text),
  parse: () => ({ kind: 'unix', path: localSocket }),
};
