import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

describe.skipIf(lacks('g++'))('what takes the place of the functions of musl', () => {
  it('moves, fills and compares the same bytes as libc', async () => {
    const names = ['memcpy', 'memmove', 'memset', 'memcmp'];
    const renamed = names.map((name) => `-D${name}=own${name[0]?.toUpperCase()}${name.slice(1)}`);
    const object = join(dir, 'bytes.o');
    const program = join(dir, 'compare');
    const flags = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror'];
    execFileSync('g++', [
      ...flags,
      ...renamed,
      '-c',
      pathOf('../../native/engine/musl/bytes.cpp'),
      '-o',
      object,
    ]);
    execFileSync('g++', [...flags, pathOf('bytes/compare.cpp'), object, '-o', program]);
    expect(await run([program])).toMatchObject({ code: 0, stdout: '' });
  });
});
