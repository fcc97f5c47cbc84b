import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isReleased } from '../../../build/release/changelog.js';
import { isAfter, isVersion, setVersion, versionsOf } from '../../../build/release/versions.js';
import { version } from '../../../src/base/version.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const files = ['package.json', 'native/package.json', 'package-lock.json'];

describe('the version', () => {
  const dir = useTempDir();

  it('is the same in all of its places, and the changelog has it on top, released or not', () => {
    expect(versionsOf('.').filter((each) => each.version !== version)).toEqual([]);
    const changelog = readFileSync('CHANGELOG.md', 'utf8');
    const isOpen = /^## (.*)$/m.exec(changelog)?.[1]?.toLowerCase().endsWith('not released yet');
    expect(isOpen || isReleased(changelog, version)).toBe(true);
  });

  it('is set in all of them, and nothing else changes', () => {
    mkdirSync(join(dir, 'native'));
    for (const file of files) cpSync(file, join(dir, file));
    // A dependency that happens to have the same version.
    const lock = readFileSync(join(dir, 'package-lock.json'), 'utf8');
    const other = `"node_modules/other": {\n      "version": "${version}"`;
    writeFileSync(
      join(dir, 'package-lock.json'),
      lock.replace('"node_modules/chalk": {', `${other}\n    },\n    $&`),
    );
    const before = files.map((file) => readFileSync(join(dir, file), 'utf8'));
    setVersion(dir, '3.2.1');
    expect(versionsOf(dir).map((each) => each.version)).toEqual(Array(7).fill('3.2.1'));
    expect(readFileSync(join(dir, 'package-lock.json'), 'utf8')).toContain(other);
    setVersion(dir, version);
    expect(files.map((file) => readFileSync(join(dir, file), 'utf8'))).toEqual(before);
  });

  it.each([
    { one: '0.1.1', other: '0.1.0', want: true },
    { one: '0.10.0', other: '0.9.9', want: true },
    { one: '1.0.0', other: '0.99.99', want: true },
    { one: '0.1.0', other: '0.1.0', want: false },
    { one: '0.9.9', other: '0.10.0', want: false },
  ])('$one comes after $other: $want', ({ one, other, want }) => {
    expect(isAfter(one, other)).toBe(want);
  });

  // rpm and dpkg give a dash a meaning of their own.
  it.each(['', '1', '1.2', 'v1.2.3', '1.2.3-rc1', '1.2.3.4', '01.2.3', '1.2.3\n', '1.2.x', '1.2.3333333'])(
    'is not %j',
    (text) => {
      expect(isVersion(text)).toBe(false);
    },
  );
});
