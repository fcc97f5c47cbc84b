import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../src/version.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { packagesOfClone } from './copies.js';
import { writeTable } from './page.js';
import { startRegistry } from './registry.js';

const older = '0.0.9';
/** The channels whose trials have passed. */
const tried = new Set<string>();
const now = 'dist/package';
const missing =
  missingPrograms({
    unshare: 'util-linux',
    rpm: 'rpm',
    makepkg: 'makepkg',
    pacman: 'pacman-package-manager',
    bsdtar: 'libarchive-tools',
    fakeroot: 'fakeroot',
  }) ??
  (process.getuid?.() === 0 ? undefined : 'only root can mount') ??
  (existsSync(now) ? undefined : 'npm run package');

describe.skipIf(missing)('a package is installed, used by ssh, upgraded and removed', () => {
  const dir = useTempDir();
  let server: SshdOnSocket;
  let old: string;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    server = await startSshd(dir);
    old =
      process.env.VMSSH_TEST_OLDER ??
      (await packagesOfClone(join(dir, 'older'), { version: older, windows: false }));
    registry = await startRegistry([old, now]);
  });
  afterAll(async () => {
    registry?.server.close();
    await server?.close();
  });

  it.each(['deb', 'rpm', 'tar', 'npm', 'pacman'])('%s', async (channel) => {
    const script = ['unshare', '-m', 'sh', 'test/packages/trial.sh'];
    const folders = [old, older, join(process.cwd(), now), version];
    const end = [server.path, join(dir, 'id'), server.user, registry.url];
    const result = await run([...script, channel, ...folders, ...end], { timeout: 280_000 });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    tried.add(channel);
  });
});

/** What unpacks each package for arm64 into a folder, and where the program is then. */
const unpacking = [
  { channel: 'arm64 deb', name: /_arm64\.deb$/, how: 'dpkg-deb -x "$0" .', at: 'usr/bin/vmssh' },
  {
    channel: 'arm64 rpm',
    name: /\.aarch64\.rpm$/,
    how: 'rpm2cpio "$0" | cpio -id --quiet',
    at: 'usr/bin/vmssh',
  },
  {
    channel: 'arm64 tar',
    name: /-linux-arm64\.tar\.gz$/,
    how: 'tar -xzf "$0" --strip-components=1',
    at: 'bin/vmssh',
  },
  { channel: 'arm64 npm', name: /^vmssh-linux-arm64-.*\.tgz$/, how: 'tar -xzf "$0"', at: 'package/vmssh' },
];
const missingForArm64 =
  missingPrograms({ 'qemu-aarch64-static': 'qemu-user-static', rpm2cpio: 'rpm2cpio', cpio: 'cpio' }) ??
  (process.getuid?.() === 0 ? undefined : 'only root can have others start programs for arm64') ??
  (existsSync(now) ? undefined : 'npm run package');

describe.skipIf(missingForArm64)(
  'a package for arm64 is unpacked, and its program used by ssh under QEMU',
  () => {
    const dir = useTempDir();
    let server: SshdOnSocket;
    beforeAll(async () => {
      server = await startSshd(dir);
    });
    afterAll(() => server?.close());

    it.each(unpacking)('$channel', async ({ channel, name, how, at }) => {
      const file = join(process.cwd(), now, readdirSync(now).find((each) => name.test(each)) ?? '');
      const folder = join(dir, channel);
      mkdirSync(folder);
      expect(await run(['sh', '-c', how, file], { cwd: folder })).toMatchObject({ code: 0 });
      const program = join(folder, at);
      const emulated = [process.execPath, 'test/e2e/arm64.js'];
      const about = await run([...emulated, program, '--version', '--json']);
      expect(JSON.parse(about.stdout)).toMatchObject({ vmssh: version, platform: 'linux-arm64' });
      const config = join(dir, `${channel}.config`.replace(' ', '-'));
      const proxy = `"${program}" proxy --fdpass unix${server.path} 22`;
      writeFileSync(config, `Host *\n  ProxyUseFdpass yes\n  ProxyCommand ${proxy}\n`);
      const options = ['-i', join(dir, 'id'), '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no'];
      const known = ['-o', `UserKnownHostsFile=${dir}/known`];
      const login = ['ssh', '-F', config, ...options, ...known, `${server.user}@arm64`, 'echo here'];
      expect(await run([...emulated, ...login], { timeout: 100_000 })).toMatchObject({ stdout: 'here\n' });
      tried.add(channel);
    });
  },
);

describe.skipIf(!existsSync(now))('what is written for other channels', () => {
  const file = (name: string) => join(now, name);

  it.skipIf(missingPrograms({ ruby: 'ruby' }))('is Ruby, for Homebrew', async () => {
    expect(await run(['ruby', '-wc', file('vmssh.rb')])).toMatchObject({ code: 0, stderr: '' });
    tried.add('brew');
  });

  it.skipIf(missingPrograms({ shellcheck: 'shellcheck' }))('is bash, for makepkg', async () => {
    expect(await run(['shellcheck', file('PKGBUILD')])).toMatchObject({ code: 0, stdout: '' });
  });

  it.skipIf(missingPrograms({ 'nix-instantiate': 'nix-bin' }))('is Nix, and names the tarball', async () => {
    const stubs =
      '{ lib = { getLicenseFromSpdxId = id: id; sourceTypes.binaryNativeCode = 1; }; stdenvNoCC = { mkDerivation = x: x; hostPlatform.system = "x86_64-linux"; }; fetchurl = x: x; }';
    const text = `(import ./${file('vmssh.nix')} ${stubs}).src.sha256`;
    const { code, stdout } = await run(['nix-instantiate', '--eval', '-E', text]);
    const tarball = readdirSync(now).find((name) => name.endsWith('-linux-x64.tar.gz')) ?? '';
    const sum = await run(['sha256sum', file(tarball)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `"${sum.stdout.slice(0, 64)}"\n` });
    tried.add('nix');
  });
});

afterAll(() => {
  if (process.env.VMSSH_WRITE_INSTALL) writeTable(now, tried);
});
