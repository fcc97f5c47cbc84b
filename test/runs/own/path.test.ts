import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram, lacks, missingPrograms, resetPath } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';

const path = process.env.PATH ?? '';
const has = (name: string) => existsSync(join(path, name));

describe('a test file', () => {
  it('has a shell, its tools and Node in its PATH, which is one folder', async () => {
    expect(path).not.toContain(':');
    expect(await run(['sh', '-c', 'echo a | sed s/a/b/'])).toMatchObject({ code: 0, stdout: 'b\n' });
    expect((await run(['node', '--version'])).stdout).toBe(`${process.version}\n`);
  });

  // Every Linux has factor, of coreutils.
  it('finds no program of this system that it did not name, and then has that one', async () => {
    await expect(run(['factor', '--version'])).rejects.toThrow('ENOENT');
    expect(findProgram('factor')).toMatch(/\/factor$/);
    expect(has('factor')).toBe(false);
    expect(missingPrograms({ factor: 'coreutils' })).toBeUndefined();
    expect(await run(['factor', '--version'])).toMatchObject({ code: 0 });
    // As before the next file.
    resetPath();
    expect(has('factor')).toBe(false);
  });

  it.skipIf(lacks('sshd'))('gets what comes with a program that it named', () => {
    lacks('sshd');
    for (const name of ['sshd', 'ssh', 'ssh-keygen', 'scp']) expect(has(name), name).toBe(true);
  });
});
