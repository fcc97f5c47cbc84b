import { describe, expect, it } from 'vitest';
import { listPodman, parsePodman } from '../../src/sources/containers/podman.js';
import { listLima, parseLima } from '../../src/sources/managers/lima.js';
import { listMultipass, parseMultipass } from '../../src/sources/managers/multipass.js';
import { DiscoveryError } from '../../src/sources/provider.js';
import { runTool } from '../../src/sources/tools/run-tool.js';
import { authorityOf } from '../../src/sources/tools/scope.js';
import { fixture } from './fixture.js';

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
    address: '127.0.0.1:60022',
    identityFile: '/home/u/.lima/_config/user',
  };
  const off = { name: 'b', target: 'lima/b', provider: 'lima', authority: authorityOf(), status: 'off' };

  it('prints one object per line', () => {
    const lines = [instance, { name: 'b', status: 'Stopped', sshLocalPort: 0 }, { status: 'Running' }];
    expect(parseLima(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))).toEqual([want, off]);
  });

  it.each([
    { input: { ...instance, status: 'Broken' }, want: { status: 'unknown' } },
    { input: { ...instance, IdentityFile: undefined }, want: { identityFile: want.identityFile } },
    { input: { ...instance, sshAddress: '::1' }, want: { address: '[::1]:60022' } },
    { input: { ...instance, sshAddress: undefined }, want: { address: '127.0.0.1:60022' } },
  ])('$want', ({ input, want }) => {
    expect(parseLima(JSON.stringify(input))).toMatchObject([want]);
  });

  it('has no instance', () => expect(parseLima('')).toEqual([]));
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
      {
        name: 'primary',
        target: 'multipass/primary',
        status: 'running',
        address: '10.1.2.3',
        user: 'ubuntu',
      },
      { name: 'b', status: 'saved', address: undefined },
      ...[{ status: 'running' }, { status: 'stopping' }, { status: 'unknown' }],
    ]);
  });

  it.each(['', '[]', '{}', 'error'])('prints something else: %j', (text) => {
    expect(() => parseMultipass(text)).toThrow(protocol);
  });
});

describe('Podman', () => {
  const recorded = fixture('podman/podman4.3.1-list.json');
  const off = (name: string) => ({
    name,
    target: `podman/${name}`,
    provider: 'podman',
    authority: authorityOf(),
    status: 'off',
    user: 'core',
  });

  it('prints machines that are off, as 4.3.1 and 5.4.2 do', () => {
    const identityFile = '/home/u/.local/share/containers/podman/machine/machine';
    expect(parsePodman(recorded)).toEqual([
      { ...off('dev'), address: '127.0.0.1:40499', identityFile: '/home/u/.ssh/dev' },
    ]);
    expect(parsePodman(fixture('podman/podman5.4.2-list.json'))).toEqual([
      { ...off('dev'), address: '127.0.0.1:37971', identityFile },
      { ...off('second'), address: '127.0.0.1:34661', identityFile },
    ]);
  });

  it('prints one that runs', () => {
    const running = recorded.replace('"Running": false', '"Running": true');
    expect(parsePodman(running)).toMatchObject([{ status: 'running' }]);
    expect(parsePodman('[]')).toEqual([]);
  });
});

describe('a tool', () => {
  const forUser = (list: typeof listLima, uid: number): typeof listMultipass => {
    return (deps, run) => list(deps, run, uid);
  };
  it.each([
    { list: forUser(listLima, 1000), args: ['limactl', 'list', '--json'], answer: '' },
    { list: listMultipass, args: ['multipass', 'list', '--format', 'json'], answer: '{"list":[]}' },
    {
      list: forUser(listPodman, 1000),
      args: ['podman', 'machine', 'list', '--format', 'json'],
      answer: '[]',
    },
  ])('is asked by $args', async ({ list, args, answer }) => {
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
    {
      name: 'is not there',
      args: ['/nonexistent/x'],
      code: 'ENOENT',
      message: '/nonexistent/x could not be run',
    },
    {
      name: 'fails',
      args: ['sh', '-c', 'echo error: a >&2; echo b >&2; exit 3'],
      code: 'FAILED',
      message: 'sh: a: b',
    },
    {
      name: 'fails without a word',
      args: ['sh', '-c', 'exit 3'],
      code: 'FAILED',
      message: 'sh: it ended with code 3',
    },
  ])('that $name', async ({ args: [program = '', ...args], code, message }) => {
    await expect(runTool(program, args, deps)).rejects.toMatchObject({ code, message });
  });

  it('that hangs is ended', async () => {
    await expect(runTool('sleep', ['60'], { ...deps, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const signal = AbortSignal.timeout(50);
    await expect(runTool('sleep', ['60'], { ...deps, signal })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});
