import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Folder, Owner } from './folder.js';

/** Opens a folder, not through a link. Linux only. Throws a system error. */
export async function hold(path: string): Promise<Held> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return new Held(handle, await handle.stat());
}

/** A folder held open. `/proc/self/fd/N/name` is in it even if its path leads elsewhere meanwhile. */
export class Held implements Folder {
  readonly handle: FileHandle;
  readonly stats: Stats;
  readonly owner: Owner;

  constructor(handle: FileHandle, stats: Stats) {
    this.handle = handle;
    this.stats = stats;
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
