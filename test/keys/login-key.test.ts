import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyFix, ownKeyFile } from '../../src/keys/login-key.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const variable = '$'.concat('{HOME}');

describe.skipIf(process.platform === 'win32')('a private key of a manager', () => {
  const key = join(dir, 'a key % "x"');
  writeFileSync(key, 'x', { mode: 0o600 });
  symlinkSync(key, join(dir, 'link'));
  mkdirSync(join(dir, 'folder'), { mode: 0o700 });
  mkdirSync(join(dir, variable));
  writeFileSync(join(dir, variable, 'k'), 'x', { mode: 0o600 });

  it.each([
    { name: "this user's", path: key, want: key },
    { name: 'behind a link', path: join(dir, 'link'), want: join(dir, 'link') },
    { name: 'none', path: undefined, want: undefined },
    { name: 'not there', path: join(dir, 'none'), want: undefined },
    { name: 'a folder', path: join(dir, 'folder'), want: undefined },
    { name: 'with a variable of ssh in its path', path: join(dir, variable, 'k'), want: undefined },
  ])('$name', async ({ path, want }) => {
    expect(await ownKeyFile(path)).toBe(want);
  });

  it.each([0o644, 0o640, 0o604])('that others may read is none: %o', async (mode) => {
    chmodSync(key, mode);
    expect(await ownKeyFile(key).finally(() => chmodSync(key, 0o600))).toBeUndefined();
  });

  it('of another user is none', async () => {
    expect(await ownKeyFile(key, (process.getuid?.() ?? 0) + 1)).toBeUndefined();
  });
});

it('says what to do about a key of Multipass that only root can read', async () => {
  const fix = await keyFix(parseTarget("multipass/it's"), join(dir, 'not there'));
  expect(fix).toMatch(/^only root can read the key .*; vmssh setup 'multipass\/it'\\''s' puts your own /);
});

it('says nothing where the key can be used, there is none, or its manager has no other way', async () => {
  const key = join(dir, 'key');
  writeFileSync(key, 'x', { mode: 0o600 });
  expect(await keyFix(parseTarget('multipass/web'), key)).toBeUndefined();
  expect(await keyFix(parseTarget('multipass/web'), undefined)).toBeUndefined();
  expect(await keyFix(parseTarget('lima/web'), join(dir, 'none'))).toBeUndefined();
  expect(await keyFix(parseTarget('vsock/3'), join(dir, 'none'))).toBeUndefined();
});
