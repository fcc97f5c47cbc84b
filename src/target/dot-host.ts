import type { Kind, Target } from './target.js';

/** The socket that systemd-ssh-generator binds on every host. */
export const localSocket = '/run/ssh-unix-local/socket';

/** What ".host" means. */
export const thisHost: Target = { kind: 'unix', path: localSocket };

export function isDotHost(name: string): boolean {
  return name.toLowerCase() === '.host';
}

/** .host: this machine itself, without its network. */
export const dotHost: Kind = {
  name: '.host',
  form: '.host',
  summary: 'this host itself, by its local unix socket',
  words: [],
  separators: '',
  isBare: isDotHost,
  parse: () => thisHost,
};
