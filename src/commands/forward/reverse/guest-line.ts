import { basename } from 'node:path';
import { shellQuoted } from '../../../address/shell-word.js';
import type { Local } from '../local.js';

/** The command that a user of the machine runs: what connects to its socket or port comes to the host's vsock port. */
export function guestLine(port: number, local: Local): string {
  const listen =
    local.family === 'unix'
      ? `UNIX-LISTEN:"$XDG_RUNTIME_DIR"/${shellQuoted(nameFor(local.path, port))},fork,mode=600,unlink-early`
      : `TCP-LISTEN:${local.port},fork,reuseaddr,bind=127.0.0.1`;
  return `socat ${listen} VSOCK-CONNECT:2:${port}`;
}

/** The same name in the machine, if socat takes it for no option. */
function nameFor(path: string, port: number): string {
  const name = basename(path);
  return /^[\w.@-]+$/.test(name) ? name : `port-${port}.sock`;
}
