import { constants, type Stats } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { now as clock } from '../base/runtime.js';
import { FileRefusal, type Folder, type Place, readAt } from './place.js';

/** Milliseconds. */
interface LockLimits {
  /** For the holder, while its process lives: then the lock is removed. */
  readonly held: number;
  readonly wait: number;
  /** Ends the wait: LOCKED. */
  readonly signal?: AbortSignal;
}

/** Locks a file against other vmssh processes, by a file beside it. A killed process loses its lock. Throws a FileRefusal LOCKED, or a system error. */
export async function lock(
  { folder, name }: Place,
  now: () => number = clock,
  limits: LockLimits = { held: 10_000, wait: 60_000 },
) {
  const file = lockName(name);
  const path = folder.at(file);
  const start = now();
  let seen: { readonly stats: Stats; readonly since: number } | undefined;
  for (;;) {
    const made = await make(path);
    // A holder that takes too long may lose it.
    if (made)
      return { isHeld: async () => isSame(await look(path), made), release: () => remove(path, made) };
    if (now() - start >= limits.wait || limits.signal?.aborted)
      throw new FileRefusal('LOCKED', `it is locked by ${file}`, 'remove that file if no vmssh is running');
    const stats = await look(path);
    if (stats === undefined) continue;
    if (!seen || !isSame(seen.stats, stats)) seen = { stats, since: now() };
    if (now() - seen.since >= (await patience(folder, file, limits.held))) await remove(path, stats);
    else await after(5 + Math.random() * 20);
  }
}

export function lockName(name: string): string {
  return `.${name}.lock`;
}

/** Undefined if it exists. */
async function make(path: string): Promise<Stats | undefined> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!file) return undefined;
  try {
    await file.writeFile(`${process.pid} ${hostname()}\n`);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  // Windows sets the modification time when the file is closed.
  return look(path);
}

function look(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined);
}

function isSame(a: Stats | undefined, b: Stats | undefined): boolean {
  // A new file can get a freed inode number at once.
  return a !== undefined && a.ino === b?.ino && a.mtimeMs === b.mtimeMs;
}

async function remove(path: string, stats: Stats): Promise<void> {
  if (isSame(await look(path), stats)) await rm(path, { force: true });
}

/** Milliseconds that a lock may stay unchanged: none without a living holder, `held` with one. */
async function patience(folder: Folder, name: string, held: number): Promise<number> {
  const content = await readAt({ folder, name }).catch(() => undefined);
  const [, pid, host] = /^(\d+) (.*)\n$/.exec(content?.bytes.toString() ?? '') ?? [];
  // Its holder is about to write its name.
  if (pid === undefined) return 1000;
  try {
    if (host === hostname()) process.kill(Number(pid), 0);
    return held;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 0 : held;
  }
}
