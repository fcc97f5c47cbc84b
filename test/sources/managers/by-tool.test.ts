import { mkdtempSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPodman, parsePodman } from '../../../src/sources/containers/podman.js';
import { lima, listLima, parseLima } from '../../../src/sources/managers/lima.js';
import { listMultipass, parseMultipass } from '../../../src/sources/managers/multipass.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { runTool } from '../../../src/sources/tools/run-tool.js';
import { authorityOf } from '../../../src/sources/trusted-path.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { fixture } from '../fixture.js';
import { at } from '../resolved.js';

const dir = useTempDir();
const deps = { env: process.env };
const protocol = expect.objectContaining({ name: 'DiscoveryError', code: 'PROTOCOL' });

describe('Lima', () => {
  // The fields of limactl 1 and 2; 0.14 had no sshAddress and no user, 3 is to have no IdentityFile.
  const instance = {
    name: 'default',
    status: 'Running',
    dir: '/home/u/.lima/default',
    sshLocalPort: 60022,
    sshAddress: '127.0.0.1',
    sshConfigFile: '/home/u/.lima/default/ssh.config',
    hostAgentPID: 1234,
    protected: false,
    limaVersion: '2.2.0',
    IdentityFile: '/home/u/.lima/_config/user',
    config: { user: { name: 'u' } },
  };
  const want = {
    name: 'default',
    target: 'lima/default',
    provider: 'lima',
    authority: authorityOf(),
    status: 'running',
    user: 'u',
    ...at('127.0.0.1:60022'),
    identityFile: '/home/u/.lima/_config/user',
  };
  const login = { user: undefined, identityFile: undefined };
  const off = { ...want, ...login, name: 'b', target: 'lima/b', status: 'off', routes: [] };

  it('prints one object per line', () => {
    const lines = [instance, { name: 'b', status: 'Stopped', sshLocalPort: 0 }, { status: 'Running' }];
    expect(parseLima(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))).toEqual([want, off]);
  });

  it.each([
    { input: { ...instance, status: 'Broken' }, want: { status: 'unknown' } },
    { input: { ...instance, IdentityFile: undefined }, want: { identityFile: want.identityFile } },
    { input: { ...instance, sshAddress: '::1' }, want: at('[::1]:60022') },
    { input: { ...instance, sshAddress: undefined }, want: at('127.0.0.1:60022') },
  ])('$want', ({ input, want }) => {
    expect(parseLima(JSON.stringify(input))).toMatchObject([want]);
  });

  it('has no instance', () => expect(parseLima('')).toEqual([]));

  const colima = { ...instance, name: 'colima', dir: '/home/u/.colima/_lima/colima' };
  const answer = async (_program: string, _args: readonly string[], { env }: { env: NodeJS.ProcessEnv }) =>
    JSON.stringify(env.LIMA_HOME === '/home/u/c/_lima' ? colima : instance);
  it.each([
    { env: { COLIMA_HOME: '/home/u/c' }, names: ['default', 'colima'] },
    { env: { COLIMA_HOME: '/home/u/c', LIMA_HOME: '/l' }, names: ['default'] },
    { env: { COLIMA_HOME: '/home/u/missing' }, names: ['default'] },
  ])('has those of colima where its folder is: $env', async ({ env, names }) => {
    const exists = (path: string) => path === '/home/u/c/_lima';
    const { found } = await listLima({ env, exists }, answer, 1000);
    expect(found.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    { name: 'colima', command: ['colima', 'start', 'default'] },
    { name: 'colima-k8s', command: ['colima', 'start', 'k8s'] },
  ])('starts $name of colima by colima', async ({ name, command }) => {
    const [machine] = parseLima(JSON.stringify({ ...colima, name }));
    const env = { COLIMA_HOME: '/home/u/.colima' };
    expect(machine && (await lima.start?.(machine, env))).toEqual({ machine: name, command });
  });

  it('starts one of Rancher Desktop in its folder', async () => {
    const [machine] = parseLima(JSON.stringify({ ...instance, name: '0', dir: '/rd/lima/0' }));
    const command = ['env', 'LIMA_HOME=/rd/lima', 'limactl', 'start', '0'];
    expect(machine && (await lima.start?.(machine, {}))).toEqual({ machine: '0', command });
  });

  it('prints something else', () => expect(() => parseLima('No instance found')).toThrow(protocol));
});

describe('Multipass', () => {
  const list = (...machines: object[]) => JSON.stringify({ list: machines });

  it('prints a list', () => {
    const found = parseMultipass(
      list(
        { ipv4: ['10.1.2.3', '172.17.0.1'], name: 'primary', release: 'Ubuntu 24.04 LTS', state: 'Running' },
        { ipv4: [], name: 'b', release: 'Not Available', state: 'Suspended' },
        ...['Delayed Shutdown', 'Suspending', 'Unavailable'].map((state) => ({ name: 'c', ipv4: [], state })),
      ),
    );
    expect(found).toMatchObject([
      { name: 'primary', target: 'multipass/primary', status: 'running', ...at('10.1.2.3'), user: 'ubuntu' },
      { name: 'b', status: 'saved', routes: [] },
      ...[{ status: 'running' }, { status: 'stopping' }, { status: 'unknown' }],
    ]);
  });

  it.each(['', '[]', '{}', 'error'])('prints something else: %j', (text) => {
    expect(() => parseMultipass(text)).toThrow(protocol);
  });
});

describe('Podman', () => {
  const recorded = fixture('podman/podman4.3.1-list.json');
  const core = (name: string, status: string) => ({
    name,
    target: `podman/${name}`,
    provider: 'podman',
    authority: authorityOf(),
    status,
    user: 'core',
  });

  it('prints machines that are off, as 4.3.1 does', () => {
    expect(parsePodman(recorded)).toEqual([
      { ...core('dev', 'off'), ...at('127.0.0.1:40499'), identityFile: '/home/u/.ssh/dev' },
    ]);
  });

  it('prints one that runs, and one whose start was killed, as 5.4.2 does', () => {
    const identityFile = '/home/u/.local/share/containers/podman/machine/machine';
    const listed = fixture('podman/podman5.4.2-list.json');
    const second = { ...core('second', 'off'), ...at('127.0.0.1:41823'), identityFile };
    const dev = { ...core('dev', 'running'), ...at('127.0.0.1:42725'), identityFile };
    expect(parsePodman(listed)).toEqual([dev, second]);
    const boots = listed.replace('"Starting": false', '"Starting": true');
    expect(parsePodman(boots)).toEqual([{ ...dev, status: 'starting' }, second]);
    expect(parsePodman('[]')).toEqual([]);
  });

  it('prints no process, so one that wrote its file of the machine is it', async () => {
    const listed = fixture('podman/podman5.4.2-list.json');
    const folder = mkdtempSync(join(dir, 'run-'));
    writeTree(folder, { 'podman/dev_vm.pid': `${process.pid}\n`, 'podman/second_vm.pid': '1\n' });
    const own = { ...deps, env: { XDG_RUNTIME_DIR: folder } };
    const pids = async () => (await listPodman(own, async () => listed, 1000)).found.map(({ pid }) => pid);
    expect(await pids()).toEqual([process.pid, undefined]);
    utimesSync(join(folder, 'podman/dev_vm.pid'), 0, 0);
    expect(await pids()).toEqual([undefined, undefined]);
  });
});

describe('a tool', () => {
  const forUser = (list: typeof listLima, uid: number): typeof listMultipass => {
    return (deps, run) => list(deps, run, uid);
  };
  it.each([
    [forUser(listLima, 1000), ['limactl', 'list', '--json'], ''],
    [listMultipass, ['multipass', 'list', '--format', 'json'], '{"list":[]}'],
    [forUser(listPodman, 1000), ['podman', 'machine', 'list', '--format', 'json'], '[]'],
  ])('is asked by $1', async (list, args, answer) => {
    const asked: string[][] = [];
    const run = async (program: string, rest: readonly string[]) => {
      asked.push([program, ...rest]);
      return answer;
    };
    expect(await list(deps, run)).toEqual({ found: [], warnings: [] });
    expect(asked).toEqual([args]);
  });

  it.each([{ list: listLima }, { list: listPodman }])(
    'that refuses root is not asked by it',
    async ({ list }) => {
      const never = () => Promise.reject(new Error('asked'));
      expect(await list(deps, never, 0)).toEqual({ found: [], warnings: [] });
    },
  );

  it.each([
    { code: 'ENOENT', warnings: [] },
    { code: 'EACCES', warnings: [] },
    { code: 'FAILED', warnings: [{ provider: 'lima', code: 'FAILED', problem: 'no' }] },
  ])('that fails with $code', async ({ code, warnings }) => {
    const run = () => Promise.reject(new DiscoveryError(code, 'no'));
    expect(await listLima(deps, run, 1000)).toEqual({ found: [], warnings });
  });

  it("that fails is named once, by its provider's name", async () => {
    const podman = () => Promise.reject(new DiscoveryError('FAILED', 'podman: cannot'));
    const { warnings } = await listPodman(deps, podman, 1000);
    expect(warnings).toEqual([{ provider: 'podman', code: 'FAILED', problem: 'cannot' }]);
  });

  it('prints only English, and gets no input', async () => {
    expect(await runTool('sh', ['-c', 'echo $LC_ALL; cat'], deps)).toBe('C\n');
  });

  it.each([
    ['is not there', ['/no/x'], 'ENOENT', '/no/x could not be run: it or its interpreter is not there'],
    ['cannot be executed', ['/etc/passwd'], 'EACCES', '/etc/passwd could not be run: you may not execute it'],
    ['fails', ['sh', '-c', 'echo error: a >&2; echo b >&2; exit 3'], 'FAILED', 'sh: a: b'],
    ['fails without a word', ['sh', '-c', 'exit 3'], 'FAILED', 'sh: it ended with code 3'],
  ])('that $0', async (_name, [program = '', ...args], code, message) => {
    await expect(runTool(program, args, deps)).rejects.toMatchObject({ code, message });
  });
});
