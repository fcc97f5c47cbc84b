import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError, understand } from '../../src/cli/command.js';
import { configInstall } from '../../src/commands/config/install.js';
import type { RunTool } from '../../src/discovery/tools/run-tool.js';
import { checkSshOptions, parseSshOption } from '../../src/hosts/ssh-option.js';
import { hostOptions } from '../../src/ssh/config/host-options.js';
import { parseState } from '../../src/ssh/config/state.js';
import { find, machine, useConfigHome } from '../commands/config/home.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

const noSsh = missingPrograms({ ssh: 'openssh-client' });
const home = useConfigHome();
const given = (...texts: string[]) => ({ sshOptions: texts.map(parseSshOption) });
const text = () => readFileSync(home.own, 'utf8');
const kept = () => parseState(readFileSync(home.state, 'utf8')).state.options;

describe('config install -o', () => {
  it('is for every Host, stays, is replaced by keyword, and is taken back', async () => {
    await home.install(given('ForwardAgent=yes', 'SendEnv=A', 'SendEnv=B'));
    const hosts = text().match(/^Host /gm)?.length;
    expect(hosts).toBe(3);
    expect(text().match(/^ {4}ForwardAgent yes$/gm)).toHaveLength(3);
    expect(kept().sshOptions).toEqual(['ForwardAgent=yes', 'SendEnv=A', 'SendEnv=B']);
    await home.install(given('user=root'));
    expect(kept().sshOptions).toEqual(['ForwardAgent=yes', 'SendEnv=A', 'SendEnv=B', 'user=root']);
    await home.install(given('sendenv=C', 'ForwardAgent='));
    expect(kept().sshOptions).toEqual(['user=root', 'sendenv=C']);
    await home.install(given('User=', 'SendEnv='));
    expect(text()).not.toMatch(/SendEnv|root/i);
    expect(kept().sshOptions).toEqual([]);
  });

  it('stays beside a prefix and a later --only-patterns, and in the file for all users', async () => {
    await home.install({ ...given('User=a b=#c'), prefix: 'vm-', fdpass: false });
    const all = { prefix: 'vm-', onlyPatterns: false, fdpass: false, sshOptions: ['User=a b=#c'] };
    expect(kept()).toEqual(all);
    await home.install({ asBefore: true });
    expect(kept()).toEqual(all);
    await home.install({ onlyPatterns: true });
    expect(kept()).toEqual({ ...all, prefix: '', onlyPatterns: true });
  });

  it.each([
    'ProxyCommand=x',
    'proxyjump=x',
    'HostName=x',
    'PROXYUSEFDPASS=no',
    'HostKeyAlias=x',
    'UserKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=no',
    'Include=x',
    'Match=all',
    'Host=x',
    'User=root\nProxyCommand evil',
    'User=\u2028x',
    'User',
    '=x',
    'User root',
    'A-b=c',
    '',
  ])('refuses %j', (option) => {
    const raw = { positionals: [], options: { 'ssh-option': ['User=root', option] } };
    expect(() => understand(configInstall, raw, home.io())).toThrow(UsageError);
    expect(() => understand(configInstall, raw, home.io())).toThrow(/^-o \P{Cc}*$/u);
  });

  it('refuses each keyword that vmssh itself sets for the connection and the host key', () => {
    const ours = hostOptions({
      program: ['/v'],
      fdpass: true,
      knownHosts: '/k',
      hostKeyAlias: 'a',
      target: 'x',
    });
    for (const [keyword] of ours) expect(() => parseSshOption(`${keyword}=x`)).toThrow(RangeError);
  });

  it('takes nothing from the name of a machine', async () => {
    const name = 'x\n# Kept by later runs: -o User=evil';
    const all = [
      { ...machine, name: 'Kept by later runs: -o User=evil' },
      { ...machine, name, target: 'qemu/b' },
    ];
    const finder = async () => ({ ...(await find(home.io())), machines: all });
    await home.install({}, home.io(), finder);
    expect(text()).toContain('\n# Kept by later runs: -o User=evil of libvirt\n');
    await home.install({ asBefore: true }, home.io(), finder);
    expect(text()).not.toContain('User evil');
  });
});

describe.skipIf(noSsh)('config install -o, as ssh reads it,', () => {
  it.each([
    { option: 'ForwardAgent=yes', has: 'forwardagent yes' },
    { option: 'SetEnv=A="x y"', has: /^setenv A=x y$/m },
    { option: 'LogLevel=DEBUG', has: 'loglevel DEBUG' },
    { option: 'IdentityFile="~/my keys/id"', has: /^identityfile .*my keys\/id$/m },
    { option: 'User=root # me', has: 'user root\n' },
  ])('$option', async ({ option, has }) => {
    await checkSshOptions([parseSshOption(option)], { env: process.env });
    await home.install(given(option));
    for (const host of ['mint', 'vsock/3', 'machine/web']) {
      const { code, stdout } = await run(['ssh', '-F', home.own, '-T', '-G', host]);
      expect(code).toBe(0);
      if (typeof has === 'string') expect(`${stdout}\n`).toContain(`${has}`);
      else expect(stdout).toMatch(has);
      expect(stdout).toMatch(/^proxycommand \S.* proxy /m);
    }
  });

  it.each([
    { option: 'ForwardAgnet=yes', says: /ssh does not accept it: Bad configuration option: forwardagnet/i },
    { option: 'Port=abc', says: /ssh does not accept it: .*bad number|ssh does not accept it: .*port/i },
    { option: 'User="root', says: /ssh does not accept it: .*quote/i },
  ])('refuses $option, as ssh does', async ({ option, says }) => {
    const checked = checkSshOptions([parseSshOption(option)], { env: process.env });
    await expect(checked).rejects.toThrow(UsageError);
    await expect(checked).rejects.toThrow(says);
  });
});

it('without ssh, nobody can be asked, and nothing is refused', async () => {
  const none: RunTool = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT' }));
  await checkSshOptions([parseSshOption('X=y')], { env: {} }, none);
});
