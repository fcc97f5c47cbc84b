import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyFix } from '../../src/checks/key-fix.js';
import { parseTarget } from '../../src/kinds/parse.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

it('says what to do about a key of Multipass that only root can read', async () => {
  const fix = await keyFix(parseTarget("multipass/it's"), join(dir, 'not there'));
  expect(fix).toContain('only root can read the key');
  expect(fix).toContain(`multipass exec 'it'\\''s' -- sh -c`);
});

it('says nothing where the key can be used, there is none, or its manager has no other way', async () => {
  const key = join(dir, 'key');
  writeFileSync(key, 'x', { mode: 0o600 });
  expect(await keyFix(parseTarget('multipass/web'), key)).toBeUndefined();
  expect(await keyFix(parseTarget('multipass/web'), undefined)).toBeUndefined();
  expect(await keyFix(parseTarget('lima/web'), join(dir, 'none'))).toBeUndefined();
  expect(await keyFix(parseTarget('vsock/3'), join(dir, 'none'))).toBeUndefined();
});
