import { resolveSocket } from '../resolve/socket.js';
import type { UnixTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** The endpoint of ".host": the socket that systemd-ssh-generator binds on every host. */
export const thisHost: UnixTarget = { kind: 'unix', path: '/run/ssh-unix-local/socket' };

export function isDotHost(name: string): boolean {
  return name.toLowerCase() === '.host';
}

/** .host: this machine itself, without its network. */
export const dotHostKind: Kind<UnixTarget> = {
  name: '.host',
  form: '.host',
  summary: 'this host itself, by its local unix socket',
  separators: '',
  also: ['machine/.host', 'machine%.host'],
  rest: 'address',
  from: 'anywhere',
  takesPort: false,
  hostKey: 'none',
  providers: [],
  isBare: isDotHost,
  parse: () => thisHost,
  resolve: resolveSocket,
};
