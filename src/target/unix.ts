import { parseSocketPath } from './socket-path.js';
import type { Kind } from './target.js';

/** unix/PATH: a socket in the file system. */
export const unix: Kind = {
  name: 'unix',
  form: 'unix/PATH',
  summary: 'a unix socket that leads to an sshd',
  words: ['unix'],
  separators: '/%:',
  parse: ({ rest }) => ({ kind: 'unix', ...parseSocketPath(rest) }),
};
