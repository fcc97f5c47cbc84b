import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { folderOf } from '../../../build/engine/debian-package.js';
import { enginePackage, engineSources } from '../../../build/engine/sources.js';
import { writeSources } from '../../../build/package/sources.js';
import { lacks, missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { skip } from '../../helpers/skips.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const missing =
  lacks('git', 'dpkg-deb', 'apt-get') ??
  missingPrograms({ gpgv: 'gpgv' }) ??
  (existsSync(folderOf(enginePackage))
    ? undefined
    : skip('the engine’s sources are not here: npm run build:exe'));

describe.skipIf(missing || !existsSync('.git'))('the sources of a release', () => {
  const dir = useTempDir();

  it('have all that a build downloads from Debian, and are enough for it once no archive has it', async () => {
    const folder = join(dir, 'sources');
    // Of what Debian made its package of, a build needs nothing: it is there if an archive has it.
    const [upstream, sources] = ['some_1.orig.tar.gz', join(dir, 'made-of')];
    writeTree(sources, { [upstream]: 'upstream' });
    const origins = [upstream, 'some_1-1.debian.tar.xz'].map((name) => {
      const sha256 = createHash('sha256').update('upstream').digest('hex');
      return { name, sha256, source: 'some-made-up', version: '1-1' };
    });
    const nowhere = 'http://127.0.0.1:9';
    const without = { VMSSH_SNAPSHOT: nowhere, no_proxy: '127.0.0.1' };
    const [cache, own] = [dirname(folderOf(enginePackage)), join(dir, 'own/vmssh-build')];
    mkdirSync(own, { recursive: true });
    for (const name of readdirSync(cache).filter((each) => each.endsWith('.deb')))
      copyFileSync(join(cache, name), join(own, name));
    const said = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => said.mockRestore());
    const from = { ...process.env, XDG_CACHE_HOME: join(dir, 'own'), VMSSH_SOURCES: sources, ...without };
    await writeSources(folder, '1.2.3', { env: from }, origins);
    expect(readFileSync(join(folder, upstream), 'utf8')).toBe('upstream');
    expect(said.mock.calls.flat()).toEqual([
      expect.stringMatching(/^sources: some_1-1\.debian\.tar\.xz is left out.*127\.0\.0\.1:9\/mr\//),
    ]);
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\S+\.deb)` \| .* \| `([0-9a-f]{64})` \| `(\S+)` \|$/gm)];
    expect(rows.map(([, name]) => name?.replace(/_.*/, ''))).toEqual(['qjs-src', 'musl-dev']);
    for (const [, name = '', sha256, licence = ''] of rows) {
      const bytes = readFileSync(join(folder, name));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(readFileSync(join(folder, licence), 'utf8')).toMatch(/^License: /m);
    }
    expect(page).toMatch(/^- `some_1\.orig\.tar\.gz`, SHA-256 [0-9a-f]{64}$/m);
    expect(page).toMatch(/^- `some_1-1\.debian\.tar\.xz`, SHA-256 [0-9a-f]{64}, not in this folder: /m);
    const { stdout } = await run(['tar', '-tzf', join(folder, 'vmssh-1.2.3.tar.gz')]);
    expect(stdout).toContain('\nvmssh-1.2.3/build/engine/sources.js\n');
    expect(readdirSync(folder)).toHaveLength(rows.length * 2 + 3);

    const env = {
      ...process.env,
      XDG_CACHE_HOME: join(dir, 'cache'),
      VMSSH_TEST_MIRROR: `${nowhere}/debian`,
      VMSSH_SNAPSHOT: nowhere,
      no_proxy: '127.0.0.1',
    };
    await expect(engineSources({ env, seconds: 60 })).rejects.toThrow('apt-get');
    const engine = await engineSources({ env: { ...env, VMSSH_SOURCES: folder } });
    expect(existsSync(join(engine, 'quickjs.c'))).toBe(true);
  }, 120_000);
});
