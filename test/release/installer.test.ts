import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeArchive } from '../../build/package/archive.js';
import { installText } from '../../build/release/install-lines.js';
import { installerText } from '../../build/release/installer.js';
import { hashesBelow, sumsText } from '../../build/release/site/files.js';
import { version } from '../../src/base/version.js';
import { missingRoot } from '../helpers/other-user.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { skip } from '../helpers/skips.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { ensureArm64Root, ensureRoot } from '../vm/images/cache.js';
import { makeKey } from './owner.js';
import { startServer } from './server.js';

const cannot =
  missingRoot('a fresh system') ??
  missingPrograms({
    ...{ gpg: 'gpg', 'gpg-agent': 'gpg-agent', unshare: 'util-linux' },
    ...{ mmdebstrap: 'mmdebstrap', 'qemu-aarch64-static': 'qemu-user-static' },
  }) ??
  (['linux-x64', 'linux-arm64'].every((target) => existsSync(`dist/${target}/vmssh`))
    ? undefined
    : skip('no executables: npm run build:exe && npm run build:exe -- --target linux-arm64'));

/** Debian 12 brings gpgv, Debian 13 sqv, and BusyBox neither curl nor a program for signatures. */
const systems = [
  { system: 'Debian 12', suite: 'bookworm', tool: 'curl' },
  { system: 'Debian 13', suite: 'trixie', tool: 'curl' },
  { system: 'only BusyBox', suite: 'trixie', tool: 'wget' },
] as const;
const trials = (['amd64', 'arm64'] as const).flatMap((processor) =>
  systems.map((each) => ({ ...each, processor })),
);

describe.skipIf(cannot)('install.sh, in a fresh system', () => {
  const dir = useTempDir();
  const env = { ...process.env, GNUPGHOME: join(dir, 'gpg') };
  let lines: readonly string[];
  let site: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    const www = join(dir, 'www');
    const files = join(www, `v${version}`);
    mkdirSync(files, { recursive: true });
    site = await startServer(new Map([['www', www]]));
    await fetch(`${site.url}/.serve/www`);
    for (const target of ['linux-x64', 'linux-arm64'])
      await makeArchive(join('dist', target), join(files, `vmssh-${version}-${target}.tar.gz`));
    const addresses = {
      ...{ site: site.url, key: await makeKey(env.GNUPGHOME) },
      ...{ upload: www, repository: '', bugs: '', maintainer: '' },
    };
    writeFileSync(join(files, 'SHA256SUMS'), sumsText(hashesBelow(files)));
    const gpg = (...args: string[]) => run(['gpg', '--batch', '--armor', ...args], { env });
    await gpg('--detach-sign', join(files, 'SHA256SUMS'));
    writeFileSync(join(www, 'vmssh.asc'), (await gpg('--export', addresses.key)).stdout);
    writeFileSync(join(www, 'install.sh'), installerText(files, { version, ...addresses }));
    lines = [...installText(addresses, version).matchAll(/`([^`]*install\.sh \| sh)`/g)].map(
      ([, line = '']) => line,
    );
  });
  afterAll(async () => {
    await run(['gpgconf', '--kill', 'all'], { env });
    site?.server.close();
  });

  it.each(trials)(
    'installs, and removes all: $system, $processor',
    async ({ system, suite, tool, processor }) => {
      const packages = ['busybox-static', 'ca-certificates', 'curl', 'openssh-client'];
      const ensure = processor === 'arm64' ? ensureArm64Root : ensureRoot;
      const debian = join(await ensure(suite, packages), 'root');
      const root = system === 'only BusyBox' ? busyBoxRoot(debian, join(dir, processor)) : debian;
      const line = lines.find((each) => each.startsWith(`${tool} `)) ?? '';
      const here = resolve('test');
      const within = processor === 'arm64' ? [process.execPath, 'test/e2e/arm64.js'] : ['unshare', '--mount'];
      const shell = system === 'only BusyBox' ? ['/bin/busybox', 'sh'] : ['/bin/sh'];
      const trial = [...shell, join(here, 'release/installer-trial.sh'), line, version];
      const result = await run(
        [...within, 'sh', join(here, 'packages/in-root.sh'), root, here, '--', ...trial],
        {
          timeout: 600_000,
        },
      );
      console.log(result.stdout);
      expect({ ...result, stdout: '' }).toMatchObject({ code: 0, stderr: '' });
      const signed = system === 'only BusyBox' ? 'The signature is not checked' : 'It is signed by the key';
      expect(result.stdout.split(signed)).toHaveLength(3);
    },
  );
});

/** Makes a root with BusyBox and nothing else. */
function busyBoxRoot(debian: string, root: string): string {
  for (const folder of ['bin', 'etc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  const from = ['bin/busybox', 'usr/bin/busybox'].map((path) => join(debian, path)).find(existsSync);
  copyFileSync(from ?? '', join(root, 'bin/busybox'));
  return root;
}
