import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf } from '../../../build/engine/debian-package.js';
import { enginePackage, engineSources } from '../../../build/engine/sources.js';
import { writeSources } from '../../../build/package/sources.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { skip } from '../../helpers/skips.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing =
  missingPrograms({ git: 'git', 'dpkg-deb': 'dpkg', 'apt-get': 'apt' }) ??
  (existsSync(folderOf(enginePackage))
    ? undefined
    : skip('the engine’s sources are not here: npm run build:exe'));

describe.skipIf(missing || !existsSync('.git'))('the sources of a release', () => {
  const dir = useTempDir();

  it('have all that a build downloads from Debian, and are enough for it once no archive has it', async () => {
    const folder = join(dir, 'sources');
    await writeSources(folder, '1.2.3');
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\S+\.deb)` \| .* \| `([0-9a-f]{64})` \| `(\S+)` \|$/gm)];
    expect(rows.map(([, name]) => name?.replace(/_.*/, ''))).toEqual(['qjs-src', 'musl-dev']);
    for (const [, name = '', sha256, licence = ''] of rows) {
      const bytes = readFileSync(join(folder, name));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(readFileSync(join(folder, licence), 'utf8')).toMatch(/^License: /m);
    }
    expect(page.match(/^- `quickjs-ng_\S+`, SHA-256 [0-9a-f]{64}$/gm)).toHaveLength(2);
    const { stdout } = await run(['tar', '-tzf', join(folder, 'vmssh-1.2.3.tar.gz')]);
    expect(stdout).toContain('\nvmssh-1.2.3/build/engine/sources.js\n');
    expect(readdirSync(folder)).toHaveLength(rows.length * 2 + 2);

    // Nobody listens there.
    const nowhere = 'http://127.0.0.1:9';
    const env = {
      ...process.env,
      XDG_CACHE_HOME: join(dir, 'cache'),
      VMSSH_TEST_MIRROR: `${nowhere}/debian`,
      VMSSH_TEST_SNAPSHOT: `${nowhere}/file`,
      no_proxy: '127.0.0.1',
    };
    await expect(engineSources({ env, seconds: 60 })).rejects.toThrow('apt-get');
    const engine = await engineSources({ env: { ...env, VMSSH_SOURCES: folder } });
    expect(existsSync(join(engine, 'quickjs.c'))).toBe(true);
  }, 120_000);
});
