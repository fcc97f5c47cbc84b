import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseState } from '../../src/book/state.js';
import { UsageError, understand } from '../../src/cli/command.js';
import { configInstall } from '../../src/commands/config/install.js';
import { checkSshOptions, parseSshOption, refusedConfig } from '../../src/hosts/ssh-option.js';
import type { RunTool } from '../../src/sources/tools/run-tool.js';
import { hostOptions } from '../../src/ssh/config/host-options.js';
import { find, machine, useConfigHome } from '../commands/config/home.js';
import { lacks } from '../helpers/programs.js';
import { writeTree } from '../helpers/temp-dir.js';

const noSsh = lacks('ssh');
const home = useConfigHome();
const given = (...texts: string[]) => ({ sshOptions: texts.map(parseSshOption) });
const text = () => readFileSync(home.own, 'utf8');
const kept = () => parseState(readFileSync(home.state, 'utf8')).state.options;

describe.skipIf(noSsh)('config install -o', () => {
  it('is for every Host, stays, is replaced by keyword, and is taken back', async () => {
    await home.install(given('Compression=yes', 'SendEnv=A', 'SendEnv=B'));
    const hosts = text().match(/^Host /gm)?.length;
    expect(hosts).toBe(2);
    expect(text().match(/^ {4}Compression yes$/gm)).toHaveLength(2);
    expect(kept().sshOptions).toEqual(['Compression=yes', 'SendEnv=A', 'SendEnv=B']);
    await home.install(given('user=root'));
    expect(kept().sshOptions).toEqual(['Compression=yes', 'SendEnv=A', 'SendEnv=B', 'user=root']);
    await home.install(given('sendenv=C', 'Compression='));
    expect(kept().sshOptions).toEqual(['user=root', 'sendenv=C']);
    await home.install(given('User=', 'SendEnv='));
    expect(text()).not.toMatch(/SendEnv|root/i);
    expect(kept().sshOptions).toEqual([]);
  });

  /** A state that somebody has changed by hand, or an earlier version wrote. */
  async function edited(...sshOptions: readonly string[]) {
    await home.install(given('User=root'));
    const json = JSON.parse(readFileSync(home.state, 'utf8'));
    json.options.sshOptions = sshOptions;
    writeFileSync(home.state, JSON.stringify(json));
    return [home.own, home.state].map((path) => readFileSync(path, 'utf8'));
  }
  const files = () => [home.own, home.state].map((path) => readFileSync(path, 'utf8'));

  it('that is kept, and that ssh does not accept, changes nothing until it is taken back', async () => {
    const before = await edited('User=root', 'Nonsense=yes');
    const to = home.io({ PATH: process.env.PATH });
    expect(await home.install({ names: undefined }, to)).toBe(1);
    expect(to.stderr.join('')).toMatch(
      /so they are taken back: .*vmssh\.conf: line \d+: Bad configuration option: nonsense.*\nhint: -o KEY= takes back/,
    );
    expect(files()).toEqual(before);
    expect(await home.install({ ...given('Nonsense='), names: undefined })).toBe(0);
    expect(kept().sshOptions).toEqual(['User=root']);
  });

  it('that is kept, and that -o refuses, is left out', async () => {
    await edited('User=root', 'StrictHostKeyChecking=no', 'User');
    expect(await home.install({ names: undefined })).toBe(0);
    expect(text()).not.toContain('StrictHostKeyChecking');
    expect(kept().sshOptions).toEqual(['User=root']);
  });

  it.each([
    ...['ProxyCommand=x', 'proxyjump=x', 'HostName=x', 'PROXYUSEFDPASS=no', 'HostKeyAlias=x'],
    ...['UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no', 'Include=x', 'Match=all', 'Host=x'],
    ...['User=root\nProxyCommand evil', 'User=\u2028x', 'User', '=x', 'User root', 'A-b=c', ''],
  ])('refuses %j', (option) => {
    const raw = { positionals: [], options: { 'ssh-option': ['User=root', option] } };
    expect(() => understand(configInstall, raw, home.io())).toThrow(UsageError);
    expect(() => understand(configInstall, raw, home.io())).toThrow(/^-o \P{Cc}*$/u);
  });

  it('refuses each keyword that vmssh itself sets for the connection and the host key', () => {
    const keys = { knownHosts: '/k', hostKeyAlias: 'a' };
    const ours = hostOptions({ program: ['/v'], fdpass: true, target: 'x', ...keys });
    for (const [keyword] of ours) expect(() => parseSshOption(`${keyword}=x`)).toThrow(RangeError);
  });

  it.each([
    ...['ForwardAgent=yes', 'forwardagent=/run/agent', 'ForwardX11=yes', 'ForwardX11Trusted=yes'],
    ...['PermitLocalCommand=yes'],
  ])('%s is not for machines that show any key', async (option) => {
    const keyword = option.replace(/=.*/, '');
    const throwaway = ['vsock/*'];
    await expect(home.install({ ...given(option), throwaway })).rejects.toThrow(
      `-o ${keyword} and --throwaway 'vsock/*'`,
    );
    await home.install({ ...given(`${keyword}=no`), throwaway });
    await home.install({ ...given(`${keyword}=`), throwaway });
    await home.install({ ...given(option), throwaway: [] });
    expect(text()).toContain(option.replace('=', ' '));
  });

  it.each(['yes', 'ask', 'accept-new'])(
    'StrictHostKeyChecking=%s says which line of the user it displaces',
    async (value) => {
      writeTree(dirname(home.own), { config: 'Host *\n    StrictHostKeyChecking no\n' });
      const to = home.io();
      await home.install(given(`StrictHostKeyChecking=${value}`), to);
      expect(text().match(new RegExp(`^    StrictHostKeyChecking ${value}$`, 'gm'))).toHaveLength(2);
      expect(to.stderr.join('')).toContain('your own StrictHostKeyChecking no counts no longer');
    },
  );

  it('takes nothing from the name of a machine', async () => {
    const name = 'x\n# Kept by later runs: -o User=evil';
    const all = [
      { ...machine, name: 'Kept by later runs: -o User=evil' },
      { ...machine, name, target: 'qemu/b' },
    ];
    const finder = async () => ({ ...(await find(home.io())), machines: all });
    await home.install({}, home.io(), finder);
    expect(text()).toContain('\n# Kept by later runs: -o User=evil of libvirt\n');
    await home.install({ names: undefined }, home.io(), finder);
    expect(text()).not.toContain('User evil');
  });
});

describe.skipIf(noSsh)('config install -o, as ssh reads it,', () => {
  it.each([
    { option: 'ForwardAgnet=yes', says: /ssh does not accept it: Bad configuration option: forwardagnet/i },
    { option: 'Port=abc', says: /ssh does not accept it: .*bad number|ssh does not accept it: .*port/i },
    { option: 'User="root', says: /ssh does not accept it: .*quote/i },
  ])('refuses $option, as ssh does', async ({ option, says }) => {
    const checked = checkSshOptions(given(option), { env: process.env, platform: 'linux' });
    await expect(checked).rejects.toThrow(UsageError);
    await expect(checked).rejects.toThrow(says);
  });

  it('refuses one that only another ssh in PATH knows', async () => {
    const newer = join(home.path, 'newer');
    writeTree(newer, { ssh: '#!/bin/sh\n' });
    const env = { ...process.env, PATH: `${newer}:${process.env.PATH}` };
    const checked = checkSshOptions(given('Newest=yes'), { env, platform: 'linux' });
    await expect(checked).rejects.toThrow(/-o "Newest=yes": \/.*\/ssh does not accept it: Bad configuration/);
  });
});

it.skipIf(noSsh)('a program that is not OpenSSH has no say, wherever it is in PATH', async () => {
  const other = join(home.path, 'other');
  writeTree(other, { ssh: '#!/bin/sh\necho "Ignoring unknown configuration option" >&2\nexit 1\n' });
  for (const PATH of [`${other}:${process.env.PATH}`, `${process.env.PATH}:${other}`]) {
    const here = { env: { ...process.env, PATH }, platform: 'linux' } as const;
    await checkSshOptions(given('ForwardAgent=yes'), here);
    const own = join(home.path, 'fine');
    writeFileSync(own, 'Host web\n');
    expect(await refusedConfig({ main: undefined, own }, here)).toBeUndefined();
    writeFileSync(own, 'Nonsense yes\n');
    expect(await refusedConfig({ main: undefined, own }, here)).toContain('Bad configuration option');
  }
});

it.skipIf(noSsh)(
  "another OpenSSH than the first has a say of our lines alone, not of the user's",
  async () => {
    const other = join(home.path, 'upstream');
    const [own, main] = [join(home.path, 'ours'), join(home.path, 'users')];
    const refuses = (file: string) => {
      const script = `case $1 in -V) echo OpenSSH_10.0p2 >&2;; *) echo "${file}: line 1: Bad configuration option: x" >&2; exit 255;; esac`;
      writeTree(other, { ssh: `#!/bin/sh\n${script}\n` });
    };
    const refused = (PATH: string) =>
      refusedConfig({ main, own }, { env: { ...process.env, HOME: homedir(), PATH }, platform: 'linux' });
    writeFileSync(main, '');
    writeFileSync(own, '');
    refuses(main);
    expect(await refused(`${process.env.PATH}:${other}`)).toBeUndefined();
    expect(await refused(`${other}:${process.env.PATH}`)).toContain(main);
    refuses(own);
    expect(await refused(`${process.env.PATH}:${other}`)).toContain(own);
  },
);

it.skipIf(noSsh)('a configuration by which ssh looks up every name is not refused', async () => {
  const own = join(home.path, 'cnames');
  writeFileSync(own, 'CanonicalDomains example.invalid\nCanonicalizePermittedCNAMEs *.example:*.invalid\n');
  expect(
    await refusedConfig({ main: undefined, own }, { env: process.env, platform: 'linux' }),
  ).toBeUndefined();
});

it.skipIf(noSsh)('without ssh, nobody can be asked, and nothing is refused', async () => {
  const none: RunTool = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT' }));
  await checkSshOptions(given('X=y'), { env: {}, platform: 'linux' }, none);
});
