import { parseUnix, resolveSocket } from '../resolve/socket.js';
import type { UnixTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** unix/PATH: a socket in the file system. */
export const unixKind: Kind<UnixTarget> = {
  name: 'unix',
  form: 'unix/PATH',
  summary: 'a unix socket that leads to an sshd',
  separators: '/%:',
  rest: 'path',
  from: 'anywhere',
  takesPort: false,
  hostKey: 'none',
  providers: [],
  parse: parseUnix,
  resolve: resolveSocket,
};
