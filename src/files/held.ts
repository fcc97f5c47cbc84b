import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Folder, Owner } from './folder.js';

/** Opens a folder, which may not be a link. Linux only. Throws an errno's error. */
export async function hold(path: string): Promise<Held> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return new Held(handle, await handle.stat());
}

/** A folder that is held open. What is at `/proc/self/fd/N/name` is in it, whatever its path leads to meanwhile. */
export class Held implements Folder {
  readonly owner: Owner;

  constructor(
    readonly handle: FileHandle,
    readonly stats: Stats,
  ) {
    this.owner = { uid: stats.uid, gid: stats.gid };
  }

  at(name: string): string {
    return `/proc/self/fd/${this.handle.fd}/${name}`;
  }

  async sync(): Promise<void> {
    await this.handle.sync().catch(() => {});
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
