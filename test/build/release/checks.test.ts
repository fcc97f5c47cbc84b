import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkRelease } from '../../../build/release/checks.js';
import { git } from '../../../build/release/git.js';
import { setVersion } from '../../../build/release/versions.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('git'))('a checkout that is to be released', () => {
  const dir = useTempDir();
  const own = { HOME: dir, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  const names = ['user.name=o', 'user.email=o@example.org', 'commit.gpgsign=false', 'tag.gpgsign=false'];
  let root: string;
  const in_ = (...args: readonly string[]) =>
    git(root, [...names.flatMap((name) => ['-c', name]), ...args], own);
  const commit = (subject: string) => {
    in_('add', '--all');
    in_('commit', '--quiet', '--allow-empty', '--message', subject);
    return in_('rev-parse', 'HEAD');
  };
  const passed = (id: string) => writeTree(root, { 'release/tested': `${id}\n` });

  beforeEach(() => {
    root = mkdtempSync(join(dir, 'checkout-'));
    mkdirSync(join(root, 'native'));
    for (const file of ['package.json', 'native/package.json', 'package-lock.json', '.gitignore'])
      cpSync(file, join(root, file));
    setVersion(root, '0.1.0');
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## 0.1.0, not released yet\n\n- first\n');
    in_('init', '--quiet');
    passed(commit('first'));
  });

  it('may be, if all is committed and tested', () => {
    expect(checkRelease(root, '0.1.0')).toEqual({ isMade: false });
  });

  it('has no changes', () => {
    writeFileSync(join(root, 'new'), '');
    expect(() => checkRelease(root, '0.1.0')).toThrow('has changes: commit them, or remove them\n?? new');
  });

  it('has no new files, also if its git does not show them', () => {
    in_('config', 'status.showUntrackedFiles', 'no');
    writeFileSync(join(root, 'new'), '');
    expect(() => checkRelease(root, '0.1.0')).toThrow('?? new');
  });

  it('is tested: this very commit', () => {
    const id = commit('second');
    expect(() => checkRelease(root, '0.1.0')).toThrow(`${id} is not tested here: run .ci/run`);
    expect(checkRelease(root, '0.1.0', { testedElsewhere: true })).toEqual({ isMade: false });
  });

  it('gets a version of three numbers', () => {
    expect(() => checkRelease(root, '0.1')).toThrow('"0.1" is not a version: write three numbers');
  });

  it('gets one that comes after all tags', () => {
    in_('tag', 'v0.2.0');
    in_('tag', 'v0.10.0');
    in_('tag', 'vnext');
    commit('second');
    expect(() => checkRelease(root, '0.9.0')).toThrow('0.9.0 does not come after 0.10.0, the newest tag');
    expect(() => checkRelease(root, '0.10.0')).toThrow('v0.10.0 is already a tag, of another commit');
    expect(() => checkRelease(root, '0.10.1')).toThrow('is not tested here');
  });

  it('may be the commit of the release already, before and after it has its tag', () => {
    setVersion(root, '0.2.0');
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## 0.2.0, 2026-01-31\n\n- first\n');
    commit('Release 0.2.0');
    expect(checkRelease(root, '0.2.0')).toEqual({ isMade: true });
    in_('tag', 'v0.2.0');
    expect(checkRelease(root, '0.2.0')).toEqual({ isMade: true });
    expect(() => checkRelease(root, '0.3.0')).toThrow('is not tested here');
  });
});

it('what .ci/run notes is what a release looks for', () => {
  expect(readFileSync('.ci/run', 'utf8')).toContain('echo "$before" >>release/tested');
  expect(readFileSync('.gitignore', 'utf8').split('\n')).toContain('/release/');
});
