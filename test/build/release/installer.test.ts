import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installerText } from '../../../build/release/installer.js';
import { missingPrograms } from '../../helpers/programs.js';
import { type Outcome, run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const programs = { busybox: 'busybox', curl: 'curl', dash: 'dash', gpg: 'gpg', gpgv: 'gpgv', wget: 'wget' };
const files = ['bin/vmssh', 'bin/vsock-nc', 'share/man/man1/vmssh.1', 'share/vmssh/ssh_config'];

describe.skipIf(missingPrograms(programs))('install.sh', () => {
  const dir = useTempDir();
  const root = join(dir, 'site');
  const release = { version: '1.2.3', site: '', key: '' };
  let server: Server;

  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      const path = join(root, url);
      if (existsSync(path)) response.end(readFileSync(path));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    release.site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...process.env, GNUPGHOME: join(dir, 'gpg') };
    mkdirSync(env.GNUPGHOME, { mode: 0o700 });
    const gpg = (...args: string[]) => run(['gpg', '--batch', '--passphrase', '', ...args], { env });
    await gpg('--quick-generate-key', 'Releases <r@example.org>', 'ed25519', 'sign', 'never');
    const { stdout } = await gpg('--with-colons', '--fingerprint');
    release.key = /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? '';
    await publish('1.2.3', files);
    await publish('1.2.4', [...files.filter((file) => !file.endsWith('vsock-nc')), 'share/man/man1/new.1']);
    writeFileSync(join(root, 'vmssh.asc'), (await gpg('--armor', '--export', release.key)).stdout);

    async function publish(version: string, paths: readonly string[]): Promise<void> {
      const place = join(root, `v${version}`);
      for (const processor of ['x64', 'arm64']) {
        const name = `vmssh-${version}-linux-${processor}`;
        for (const path of paths) {
          mkdirSync(dirname(join(place, name, path)), { recursive: true });
          writeFileSync(join(place, name, path), `#!/bin/sh\necho ${version} ${processor}\n`, {
            mode: 0o755,
          });
        }
        await run(['tar', '-czf', `${name}.tar.gz`, name], { cwd: place });
      }
      const sums = await run(['sh', '-c', 'sha256sum *.tar.gz'], { cwd: place });
      writeFileSync(join(place, 'SHA256SUMS'), sums.stdout);
      await gpg('--armor', '--detach-sign', join(place, 'SHA256SUMS'));
    }
  });
  afterAll(() => server.close());

  interface Setting {
    readonly shell?: readonly string[];
    readonly version?: string;
    readonly change?: (text: string) => string;
    /** Programs that this system does not have. */
    readonly without?: readonly string[];
    /** What `uname -m` prints. */
    readonly machine?: string;
    readonly home?: string;
  }

  /** Runs the script for its home, as `curl | sh` does. */
  function install(args: readonly string[], setting: Setting = {}): Promise<Outcome> {
    const {
      shell = ['dash'],
      version = '1.2.3',
      change = String,
      without = [],
      machine,
      home = newHome(),
    } = setting;
    const input = change(installerText(join(root, `v${version}`), { ...release, version }));
    const env = { HOME: home, PATH: pathWithout(without, machine), TMPDIR: home };
    return run([...shell, '-s', '--', `--prefix=${home}/.local`, ...args], { input, env });
  }

  const newHome = () => mkdtempSync(join(dir, 'home-'));

  /** A folder with this system's programs, but for those. */
  function pathWithout(names: readonly string[], machine: string | undefined): string {
    const folder = mkdtempSync(join(dir, 'path-'));
    for (const from of ['/usr/bin', '/bin'])
      for (const name of readdirSync(from))
        if (![...names, 'uname'].includes(name) && !existsSync(join(folder, name)))
          link(join(from, name), name);
    writeFileSync(
      join(folder, 'uname'),
      `#!/bin/sh\n[ "$1" = -s ] && echo Linux || echo ${machine ?? 'x86_64'}\n`,
    );
    chmodSync(join(folder, 'uname'), 0o755);
    return folder;

    function link(to: string, name: string): void {
      try {
        symlinkSync(to, join(folder, name));
      } catch {
        // A link of /usr/bin that leads nowhere.
      }
    }
  }

  const installed = (home: string) =>
    existsSync(join(home, '.local'))
      ? readdirSync(join(home, '.local'), { recursive: true, withFileTypes: true })
          .filter((each) => !each.isDirectory())
          .map(({ parentPath, name }) => join(parentPath, name).slice(home.length + '/.local/'.length))
          .sort()
      : [];
  const list = 'share/vmssh/installed-files';

  it.each([
    { shell: ['dash'], without: ['wget'], machine: 'x86_64', processor: 'x64' },
    { shell: ['busybox', 'sh'], without: ['curl', 'gpgv'], machine: 'aarch64', processor: 'arm64' },
    {
      shell: ['bash', '--posix'],
      without: ['curl', 'sha256sum', 'shasum'],
      machine: 'amd64',
      processor: 'x64',
    },
  ])('installs and removes by $shell, without $without, on $machine', async ({ processor, ...setting }) => {
    const home = newHome();
    const { code, stdout, stderr } = await install([], { ...setting, home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`This installs vmssh 1.2.3 into ${home}/.local/bin`);
    expect(stdout).toContain(`It is signed by the key ${release.key}.`);
    expect(stdout).toContain(`${home}/.local/bin is not in PATH`);
    expect(installed(home)).toEqual([...files, list].sort());
    expect((await run([join(home, '.local/bin/vmssh')])).stdout).toBe(`1.2.3 ${processor}\n`);
    expect(await install(['--uninstall'], { ...setting, home })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(home, { recursive: true })).toEqual(['.local']);
  });

  it('replaces an older version, and removes what that one had more', async () => {
    const home = newHome();
    await install([], { home });
    expect(await install([], { home, version: '1.2.4' })).toMatchObject({ code: 0, stderr: '' });
    const now = [
      'bin/vmssh',
      'share/man/man1/new.1',
      'share/man/man1/vmssh.1',
      'share/vmssh/ssh_config',
      list,
    ];
    expect(installed(home)).toEqual(now.sort());
    await install(['--uninstall'], { home });
    expect(installed(home)).toEqual([]);
  });

  it('only says what it would do with --dry-run', async () => {
    const home = newHome();
    const { code, stdout } = await install(['--dry-run'], { home });
    expect({ code, files: readdirSync(home) }).toEqual({ code: 0, files: [] });
    expect(stdout).toContain(`it downloads ${release.site}/v1.2.3/vmssh-1.2.3-linux-x64.tar.gz`);
  });

  it('says if it could not check the signature', async () => {
    const { code, stdout } = await install([], { without: ['gpg', 'gpgv'] });
    expect(code).toBe(0);
    expect(stdout).toContain('The signature is not checked');
  });

  it.each<[string, Setting, string]>([
    [
      'a tarball that is not the released one',
      { change: (text) => text.replace(/sha256_x64='./, "sha256_x64='x") },
      'is not the released file',
    ],
    [
      'hashes that another key has signed',
      { change: (text) => text.replace(/^key='.{4}/m, "key='0000") },
      'is not signed by the key 0000',
    ],
    ['a processor without a program', { machine: 'riscv64' }, 'there is no program for riscv64'],
    [
      'a version that is gone',
      { change: (text) => text.replaceAll('1.2.3', '9.9.9') },
      'cannot be downloaded',
    ],
    ['a system without curl and wget', { without: ['curl', 'wget'] }, 'it needs curl or wget'],
    ['one that cannot hash', { without: ['sha256sum', 'shasum', 'openssl'] }, 'it needs sha256sum'],
  ])('installs nothing for %s', async (_, setting, problem) => {
    const home = newHome();
    const { code, stderr } = await install([], { ...setting, home });
    expect(code).toBe(1);
    expect(stderr).toContain(problem);
    expect(readdirSync(home)).toEqual([]);
  });

  it('leaves files of others as they are, and removes nothing that it did not install', async () => {
    const home = newHome();
    mkdirSync(join(home, '.local/bin'), { recursive: true });
    writeFileSync(join(home, '.local/bin/vmssh'), 'mine');
    expect((await install([], { home })).stderr).toContain('was not installed by this script');
    expect((await install(['--uninstall'], { home })).stderr).toContain('nothing in');
    expect(installed(home)).toEqual(['bin/vmssh']);
    expect(readFileSync(join(home, '.local/bin/vmssh'), 'utf8')).toBe('mine');
  });

  it('stays as long as ssh uses it', async () => {
    const home = newHome();
    await install([], { home });
    mkdirSync(join(home, '.ssh'));
    writeFileSync(join(home, '.ssh/vmssh.conf'), '');
    expect((await install(['--uninstall'], { home })).stderr).toContain('vmssh config uninstall first');
    expect(installed(home)).toEqual([...files, list].sort());
  });

  it('does nothing if only a part of it arrived', async () => {
    const home = newHome();
    const { stdout } = await install([], { home, change: (text) => text.slice(0, text.lastIndexOf('main')) });
    expect({ stdout, files: readdirSync(home) }).toEqual({ stdout: '', files: [] });
  });

  it.skipIf(missingPrograms({ shellcheck: 'shellcheck' }))('passes shellcheck', async () => {
    const text = installerText(join(root, 'v1.2.3'), release);
    expect(await run(['shellcheck', '--shell=sh', '-'], { input: text })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });
});
