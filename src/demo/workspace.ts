import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Workspace {
  readonly folder: string;
  /** Where the server listens. Its capital letter is there to be kept: ssh lower-cases host names. */
  readonly socket: string;
  /** Writes a file that only its owner reads; resolves to its path. */
  write(name: string, content: string | Uint8Array): string;
  path(name: string): string;
  /** Removes the folder with all that is in it. */
  remove(): void;
}

const prefix = 'vmssh-demo-';
const socketName = 'Demo.sock';

/** A folder of mode 0700 for one run: in `temp` where a socket path in it can be a host name of ssh's, else in /tmp. */
export function makeWorkspace(temp: string = tmpdir()): Workspace {
  const parent = isUsable(resolve(temp)) ? resolve(temp) : '/tmp';
  const folder = mkdtempSync(join(parent, prefix));
  const path = (name: string) => join(folder, name);
  return {
    folder,
    socket: path(socketName),
    path,
    write(name, content) {
      writeFileSync(path(name), content, { mode: 0o600 });
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** AF_UNIX takes 107 bytes; ssh and scp take no spaces, quotes and the like in a host name, and "%" stands for "/" there. */
function isUsable(parent: string): boolean {
  const socket = join(parent, `${prefix}XXXXXX`, socketName);
  return Buffer.byteLength(socket) <= 107 && /^[\w./-]+$/.test(socket);
}
