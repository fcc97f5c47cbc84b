import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../helpers/temp-dir.js';
import { packagesOfClone } from './copies.js';

describe.skipIf(!existsSync('.git'))('two builds of one commit', () => {
  const dir = useTempDir();

  it('are equal byte for byte, wherever and by whom they are made', async () => {
    const one = await packagesOfClone(join(dir, 'one'));
    const other = await packagesOfClone(join(dir, 'another one, with a longer name'), { umask: '077' });
    expect(Object.keys(hashes(one)).length).toBeGreaterThan(10);
    expect(hashes(other)).toEqual(hashes(one));
  });
});

function hashes(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    names.map(({ name }) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
