import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printing, saying } from '../../helpers/expected.js';
import { lacks, missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { files, installed, makeReleases, programs, type Releases, type Setting } from './installing.js';

const list = 'share/vmssh/installed-files';

describe.skipIf(missingPrograms(programs))('install.sh', () => {
  const dir = useTempDir();
  let releases: Releases;
  beforeAll(async () => {
    releases = await makeReleases(dir);
  });
  afterAll(() => releases.server.close());
  const install: Releases['install'] = (...args) => releases.install(...args);
  const newHome = () => releases.newHome();

  it.each([
    { shell: ['dash'], without: ['wget'], machine: 'x86_64', processor: 'x64' },
    { shell: ['busybox', 'sh'], without: ['curl', 'gpgv', 'sqv'], machine: 'aarch64', processor: 'arm64' },
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
    expect(stdout).toContain(`It is signed by the key ${releases.key}.`);
    expect(stdout).toContain(`${home}/.local/bin is not in PATH`);
    expect(installed(home)).toEqual([...files, list].sort());
    expect((await run([join(home, '.local/bin/vmssh')])).stdout).toBe(`1.2.3 ${processor}\n`);
    expect(await install(['--uninstall'], { ...setting, home })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(home)).toEqual([]);
  });

  it('removes the folders above, too, if it made them', async () => {
    const home = newHome();
    const prefix = `--prefix=${home}//not there//yet/`;
    expect(await install([prefix], { home })).toMatchObject({ code: 0, stderr: '' });
    expect(await install([prefix, '--uninstall'], { home })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(home)).toEqual([]);
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
    expect(stdout).toContain(`it downloads ${releases.site}/v1.2.3/vmssh-1.2.3-linux-x64.tar.gz`);
  });

  it.skipIf(missingPrograms({ sqv: 'sqv' }))('takes sqv, if that is what there is', async () => {
    const without = ['gpg', 'gpgv'];
    const { code, stdout } = await install([], { without });
    expect({ code, stdout }).toEqual(printing(0, `It is signed by the key ${releases.key}.`));
    const change = (text: string) => text.replace(/^key='.{4}/m, "key='0000");
    expect((await install([], { without, change })).stderr).toContain('is not signed by the key 0000');
    const forged = { change: (text: string) => text.replace(releases.site, `${releases.site}/.page-key`) };
    expect((await install([], { without, ...forged })).stderr).toContain(
      `is not signed by the key ${releases.key}`,
    );
  });

  it('says if it could not check the signature', async () => {
    const { code, stdout } = await install([], { without: ['gpg', 'gpgv', 'sqv'] });
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
    ['one without find', { without: ['find'] }, 'it needs find'],
    ['one without base64', { without: ['base64'] }, 'it needs base64'],
    ['one that cannot hash', { without: ['sha256sum', 'shasum', 'openssl'] }, 'it needs sha256sum'],
  ])('installs nothing for %s', async (_, setting, problem) => {
    const home = newHome();
    expect(await install([], { ...setting, home })).toMatchObject(saying(1, problem));
    expect(readdirSync(home)).toEqual([]);
  });

  it('leaves files of others as they are, and removes nothing that it did not install', async () => {
    const home = newHome();
    writeTree(home, { '.local/bin/vmssh': 'mine' });
    expect((await install([], { home })).stderr).toContain('was not installed by this script');
    expect((await install(['--uninstall'], { home })).stderr).toContain('nothing in');
    expect(installed(home)).toEqual(['bin/vmssh']);
    expect(readFileSync(join(home, '.local/bin/vmssh'), 'utf8')).toBe('mine');
  });

  it.each([
    { what: 'an upgrade', args: [] },
    { what: '--uninstall', args: ['--uninstall'] },
  ])('changes nothing by $what if its list names something outside the prefix', async ({ args }) => {
    const home = newHome();
    await install([], { home });
    writeFileSync(join(home, 'victim'), 'mine');
    appendFileSync(join(home, '.local', list), '../victim\n');
    const { code, stdout, stderr } = await install(args, { home, version: '1.2.4' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain("names '../victim', which is not below");
    expect(readFileSync(join(home, 'victim'), 'utf8')).toBe('mine');
    expect(installed(home)).toEqual([...files, list].sort());
  });

  it('stays as long as ssh uses it', async () => {
    const home = newHome();
    await install([], { home });
    writeTree(home, { '.ssh/vmssh.conf': '' });
    expect((await install(['--uninstall'], { home })).stderr).toContain('vmssh config uninstall first');
    expect(installed(home)).toEqual([...files, list].sort());
  });

  it('does nothing if only a part of it arrived', async () => {
    const home = newHome();
    const { stdout } = await install([], { home, change: (text) => text.slice(0, text.lastIndexOf('main')) });
    expect({ stdout, files: readdirSync(home) }).toEqual({ stdout: '', files: [] });
  });

  it.skipIf(lacks('shellcheck'))('passes shellcheck', async () => {
    const checked = await run(['shellcheck', '--shell=sh', '-'], { input: releases.text('1.2.3') });
    expect(checked).toMatchObject({ code: 0, stdout: '' });
  });
});
