import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../build/bundle/pack.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Bytes without order, the same at each run. */
function hashes(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => createHash('sha256').update(`${index}`).digest()),
  );
}

const own = readFileSync(pathOf('pack.test.ts'));

describe.skipIf(lacks('g++'))('what is packed is unpacked by the program', () => {
  const dir = useTempDir();
  const program = join(dir, 'unpack');

  beforeAll(() => {
    const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
    const sources = [pathOf('pack/main.cpp'), pathOf('../../native/engine/image/unpack.cpp')];
    execFileSync('g++', [...flags, '-I', pathOf('../../native/engine'), ...sources, '-o', program]);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 1],
    ['one byte', Buffer.from('a'), 2],
    ['few bytes, repeated at once', Buffer.from('ababababababab'), 12],
    ['a long run of one byte', Buffer.alloc(70_000, 7), 1000],
    ['no order', hashes(5000), 160_700],
    ['counts of 15, 15 + 255 and 4 + 15', repeated(), 700],
    ['the same far before', Buffer.concat([hashes(2047), hashes(2047), hashes(2048), hashes(2049)]), 200_000],
    ['text', own, own.length * 0.7],
  ])('$0', (_name, bytes, most) => {
    const packed = pack(bytes);
    expect(packed.length).toBeLessThanOrEqual(most);
    const unpacked = execFileSync(program, [`${bytes.length}`], { input: packed, maxBuffer: 1 << 20 });
    expect(unpacked.equals(bytes)).toBe(true);
  });

  function repeated(): Buffer {
    const unlike = hashes(20);
    const parts = [15, 270, 19].flatMap((length) => [
      unlike.subarray(0, length),
      unlike.subarray(300, 300 + length),
    ]);
    return Buffer.concat([...parts, ...parts]);
  }
});
