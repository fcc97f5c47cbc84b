import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildInClone } from '../../../build/package/clone.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const log = join(dir, 'log');
const usual = process.env.PATH;
beforeEach(() => {
  const program = `#!/bin/sh\necho "$(basename "$0") $1" >>'${log}'\n`;
  writeTree(dir, { 'bin/git': program, 'bin/npm': program, log: '' });
  process.env.PATH = `${dir}/bin:${usual}`;
});
afterEach(() => {
  process.env.PATH = usual;
});
const ran = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
const all = ['git clone', 'npm ci', 'npm run', 'npm run'];

describe('a build in a clone', () => {
  it('runs git and npm', async () => {
    await buildInClone(dir, dir, ['build', 'package']);
    expect(ran()).toEqual(all);
  });

  it.each([0, 1, 2, 3])('ends before any program if it is not to go on: the one at %i', async (last) => {
    const goOn = async () => {
      if (ran().length === last) throw new Error('no more');
    };
    await expect(buildInClone(dir, dir, ['build', 'package'], goOn)).rejects.toThrow('no more');
    expect(ran()).toEqual(all.slice(0, last));
  });

  it('ends when a program fails', async () => {
    writeTree(dir, { 'bin/npm': '#!/bin/sh\nexit 3\n' });
    await expect(buildInClone(dir, dir, ['package'])).rejects.toThrow('npm ci --silent failed');
    expect(ran()).toEqual(['git clone']);
  });
});
