import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildConstants, commitOf, sourceTime } from '../../../build/bundle/commit.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('git'))('the commit of a build', () => {
  const dir = useTempDir();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x.invalid', ...args], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0100' },
    }).trim();

  it('is the one that is checked out, and none in a folder below', () => {
    expect(buildConstants(dir)).toEqual({ BUILD_COMMIT: 'null' });
    git('init', '-q');
    expect(commitOf(dir)).toBeUndefined();
    git('commit', '-q', '--allow-empty', '-m', 'x');
    const id = git('rev-parse', 'HEAD');
    expect(commitOf(dir)).toEqual({ id, time: '1700000000' });
    expect(buildConstants(dir)).toEqual({ BUILD_COMMIT: `"${id}"` });
    mkdirSync(join(dir, 'below'));
    expect(commitOf(join(dir, 'below'))).toBeUndefined();
  });

  it('has the time that whoever builds says, in a checkout and without one', () => {
    for (const root of [dir, join(dir, 'below')])
      expect(sourceTime(root, { SOURCE_DATE_EPOCH: '1600000000' })).toBe('1600000000');
    expect(sourceTime(dir, {})).toBe('1700000000');
    expect(() => sourceTime(dir, { SOURCE_DATE_EPOCH: 'yesterday' })).toThrow('"yesterday"');
  });
});
