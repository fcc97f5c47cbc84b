import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../src/base/version.js';
import { missingRoot } from '../helpers/other-user.js';
import { findProgram, lacks, missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { skip } from '../helpers/skips.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { ensureArm64Root } from '../vm/images/cache.js';
import { packagesOfClone } from './copies.js';
import { writeTable } from './page.js';
import { startRegistry } from './registry.js';

const older = '0.0.9';
/** The channels whose trials have passed. */
const tried = new Set<string>();
const now = 'dist/package';
const here = resolve('test/packages');
const cannot =
  missingRoot('a copy of a system') ??
  (existsSync(now) ? undefined : skip(`${now} is not there: npm run package`));
/** npm is the same program for each processor. */
const npm = realpathSync(findProgram('npm') ?? '');
/** What the trial of a channel needs here. */
const channels = {
  deb: {},
  rpm: { rpm: 'rpm' },
  tar: {},
  npm: {},
};
const missingForX64 = cannot ?? lacks('unshare');
const missingForArm64 =
  cannot ?? missingPrograms({ 'qemu-aarch64-static': 'qemu-user-static', mmdebstrap: 'mmdebstrap' });

describe.skipIf(missingForX64 && missingForArm64)('a package', () => {
  const dir = useTempDir();
  let server: SshdOnSocket;
  let old: string;
  let commit: string;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    server = await startSshd(dir);
    old =
      process.env.VMSSH_TEST_OLDER ??
      (await packagesOfClone(join(dir, 'older'), { version: older, windows: false }));
    commit = (await run(['git', 'rev-parse', 'HEAD'])).stdout.trim();
    registry = await startRegistry([old, now]);
  });
  afterAll(async () => {
    registry?.server.close();
    await server?.close();
  });

  /** Has `within` run the trial of a channel, and looks at what the programs said of themselves there. */
  async function trial(channel: string, platform: string, within: readonly string[]): Promise<void> {
    const about = join(dir, `${platform} ${channel}`);
    mkdirSync(about);
    const folders = [old, older, resolve(now), version];
    const end = [server.path, join(dir, 'id'), server.user, registry.url, about];
    const result = await run([...within, '/bin/sh', join(here, 'trial.sh'), channel, ...folders, ...end], {
      env: { ...process.env, PATH: `${process.env.PATH}:${dirname(npm)}` },
      timeout: 1_200_000,
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const said = (name: string) => JSON.parse(readFileSync(join(about, `${name}.json`), 'utf8'));
    const executable = { name: 'QuickJS-ng', version: engineVersion() };
    const node = { name: 'Node', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) };
    const features = ['unix', 'vsock', 'fd-passing', 'native-relay'];
    const own = { ok: true, exitCode: 0, platform, features };
    const engine = channel === 'npm' ? node : executable;
    expect(said(older)).toMatchObject({ ...own, vmssh: older, engine });
    expect(said(version)).toMatchObject({ ...own, vmssh: version, commit, engine });
    expect(said(`${version}-proxy`)).toMatchObject({ ...own, vmssh: version, commit, engine: executable });
  }

  describe.each(Object.entries(channels))('%s', (channel, programs) => {
    it.skipIf(missingForX64 ?? missingPrograms(programs))(
      'is installed, used by ssh, upgraded and removed',
      async () => {
        await trial(channel, 'linux-x64', ['unshare', '-m', 'sh', join(here, 'on-copy.sh')]);
        tried.add(channel);
      },
    );
  });

  describe.skipIf(missingForArm64)('for arm64, in a root for it, under QEMU', () => {
    let root: string;
    beforeAll(async () => {
      const packages = ['man-db', 'nodejs', 'openssh-client', 'rpm'];
      root = join(await ensureArm64Root('trixie', packages), 'root');
    });

    it.each(['deb', 'rpm', 'tar', 'npm'])(
      'is installed, used by ssh, upgraded and removed: %s',
      async (channel) => {
        const shared = [dir, old, resolve(now), here, dirname(dirname(npm)), '/etc/ssl'].filter(existsSync);
        const within = [
          process.execPath,
          'test/e2e/arm64.js',
          'sh',
          join(here, 'in-root.sh'),
          root,
          ...shared,
        ];
        await trial(channel, 'linux-arm64', [...within, '--']);
        tried.add(`arm64 ${channel}`);
      },
    );
  });
});

/** As the SBOM of the tarball has it. */
function engineVersion(): string {
  const list = readdirSync(now).find((name) => /^vmssh-\d.*-linux-x64\.tar\.gz\.cdx\.json$/.test(name)) ?? '';
  const { components } = JSON.parse(readFileSync(join(now, list), 'utf8'));
  return components.find(({ name }: { name: string }) => name === 'quickjs-ng').version;
}

afterAll(() => {
  if (process.env.VMSSH_WRITE_INSTALL) writeTable(now, tried);
});
