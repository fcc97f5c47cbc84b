import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../helpers/temp-dir.js';
import { packagesOfClone } from './copies.js';
import { writeEqual } from './page.js';

describe.skipIf(!existsSync('.git'))('two builds of one commit', () => {
  const dir = useTempDir();

  it('are equal byte for byte, wherever and by whom they are made, the second one when no archive has the sources', async () => {
    const one = await packagesOfClone(join(dir, 'one'));
    // Nobody listens there.
    const nowhere = 'http://127.0.0.1:9';
    const env = {
      XDG_CACHE_HOME: join(dir, 'cache'),
      VMSSH_SOURCES: join(one, 'sources'),
      VMSSH_TEST_MIRROR: `${nowhere}/debian`,
      VMSSH_SNAPSHOT: nowhere,
    };
    const other = await packagesOfClone(join(dir, 'another one, with a longer name'), { umask: '077', env });
    expect(Object.keys(hashes(one)).length).toBeGreaterThan(10);
    expect(hashes(other)).toEqual(hashes(one));
    if (process.env.VMSSH_WRITE_INSTALL) writeEqual(Object.keys(hashes(one)).length);
  });
});

/** Of all files, with those in its folders. */
function hashes(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    entries
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}
