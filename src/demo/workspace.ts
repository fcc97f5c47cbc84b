import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Workspace {
  readonly folder: string;
  /** Where the server listens. Has a capital letter on purpose, since ssh lower-cases host names. */
  readonly socket: string;
  /** Writes a file that only its owner can read; resolves to its path. */
  write(name: string, content: string | Uint8Array): string;
  path(name: string): string;
  /** Removes the folder and its content. */
  remove(): void;
}

const prefix = 'vmssh-demo-';
const socketName = 'Demo.sock';

/** A folder of mode 0700 for one run: in `temp` if ssh accepts a socket path in it as a host name, else in /tmp. */
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

/** AF_UNIX allows 107 bytes; ssh and scp refuse spaces, quotes and the like in a host name, where "%" stands for "/". */
function isUsable(parent: string): boolean {
  const socket = join(parent, `${prefix}XXXXXX`, socketName);
  return Buffer.byteLength(socket) <= 107 && /^[\w./-]+$/.test(socket);
}
