import { constants, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Bytes, checkStats, defaultLimit, flags } from './read-sync.js';

/** The bytes of a regular file of at most `limit` bytes. Rejects with a system error: a longer one is EFBIG, anything but a regular file EINVAL. */
export async function readBytes(path: string, limit?: number): Promise<Buffer> {
  return (await readWithStats(path, limit)).bytes;
}

/** As `readBytes`, with the stats of the file that was read. `links`: whether to follow a symlink; not for a file that will be changed. */
export async function readWithStats(
  path: string,
  limit = defaultLimit,
  links = true,
): Promise<{ readonly bytes: Buffer; readonly stats: Stats }> {
  const file = await open(path, links ? flags : flags | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = await file.stat();
    checkStats(stats, path, limit, !links);
    const bytes = new Bytes(path, limit);
    while (bytes.add(await file.read(bytes.next()))) {}
    return { bytes: bytes.all(), stats };
  } finally {
    await file.close();
  }
}

/** The same as UTF-8. */
export async function readText(path: string, limit?: number): Promise<string> {
  return (await readWithStats(path, limit)).bytes.toString();
}

/** The same for two paths of one file; undefined if it cannot be seen. It is not opened. */
export async function fileId(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

/** Whether two paths lead to one file; false if one cannot be seen. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map(fileId));
  return one !== undefined && one === other;
}

/** The first bytes of a regular file, at most `most`. Rejects with a system error, EINVAL for anything else. */
export async function readStart(path: string, most: number): Promise<Buffer> {
  const file = await open(path, flags);
  try {
    checkStats(await file.stat(), path, Number.POSITIVE_INFINITY);
    const bytes = new Bytes(path, most);
    const next = () => bytes.next().subarray(0, most - bytes.length);
    while (bytes.length < most && bytes.add(await file.read(next()))) {}
    return bytes.all();
  } finally {
    await file.close();
  }
}
