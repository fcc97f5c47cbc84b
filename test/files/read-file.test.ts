import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBytes, readText } from '../../src/files/read-file.js';
import { Bytes, readTextSync } from '../../src/files/read-sync.js';
import { missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const readers = [
  { how: 'later', read: readText },
  { how: 'at once', read: async (path: string, limit?: number) => readTextSync(path, limit) },
];

describe.each(readers)('a file, read $how', ({ read }) => {
  it.each([
    { name: 'nothing', text: '' },
    { name: 'its whole limit', text: 'ü'.repeat(50_000) },
  ])('may hold $name', async ({ text }) => {
    expect(await read(file('a', text), 100_000)).toBe(text);
  });

  it('is refused if it is longer than its limit', async () => {
    const path = file('long', 'x'.repeat(100_001));
    await expect(read(path, 100_000)).rejects.toMatchObject({ code: 'EFBIG', syscall: 'read', path });
  });

  it('is refused if it is longer than anything that is read, before a byte of it', async () => {
    const path = file('sparse', '');
    truncateSync(path, 2 ** 42);
    await expect(read(path)).rejects.toMatchObject({ code: 'EFBIG' });
  });

  it.skipIf(process.platform !== 'linux')('may be one of the kernel, which reports no length', async () => {
    expect(await read('/proc/self/status')).toMatch(/^Uid:\t\d/m);
    await expect(read('/proc/self/status', 10)).rejects.toMatchObject({ code: 'EFBIG' });
  });

  it.skipIf(process.platform !== 'linux')('is refused if it is a device or a folder', async () => {
    await expect(read('/dev/zero')).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(read(dir)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(read(join(dir, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(missingPrograms({ mkfifo: 'coreutils' }))('is refused if it is a FIFO', async () => {
    mkdirSync(join(dir, 'pipes'), { recursive: true });
    const path = join(dir, 'pipes', String(count++));
    execFileSync('mkfifo', [path]);
    await expect(read(path)).rejects.toMatchObject({ code: 'EINVAL' });
  });
});

let count = 0;

describe('bytes', () => {
  it('that come one by one, as /proc gives a page at a time, take little memory', () => {
    const bytes = new Bytes('/proc/net/unix', 1 << 20);
    const given = Array.from({ length: 100 }, () => [bytes.next().buffer, bytes.add({ bytesRead: 1 })]);
    expect(new Set(given.map(([memory]) => memory)).size).toBe(1);
  });

  it('are as they lie in the file', async () => {
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, i) => i % 256));
    writeFileSync(join(dir, 'bytes'), bytes);
    expect(await readBytes(join(dir, 'bytes'))).toEqual(bytes);
  });
});

describe.skipIf(missingPrograms({ mkfifo: 'coreutils' }))('a pipe that was asked for', () => {
  it.each([
    { name: 'is read to its end', limit: 5, says: undefined },
    { name: 'is not read beyond the limit', limit: 4, says: 'EFBIG' },
  ])('$name', ({ limit, says }) => {
    const path = join(dir, `asked-${limit}`);
    execFileSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'printf hello > "$0"', path]);
    onTestFinished(() => void writer.kill());
    const read = () => readTextSync(path, limit, true);
    if (says) expect(read).toThrow(says);
    else expect(read()).toBe('hello');
  });
});
