import { describe, expect, it } from 'vitest';
import { parseTarget, type ResolveOptions, resolveTarget } from '../../src/kinds/kinds.js';
import { vmIds } from '../../src/typed/numbers.js';
import { byFirstRoute } from '../sources/resolved.js';

const outcome = async (text: string, more: Partial<ResolveOptions> = {}) =>
  byFirstRoute(
    await resolveTarget(parseTarget(text), {
      text,
      port: 22,
      env: {},
      platform: 'linux',
      exists: () => false,
      ...more,
    }),
  );

describe('resolve', () => {
  it.each([
    { input: '.host', want: { family: 'unix', path: '/run/ssh-unix-local/socket' } },
    { input: 'unix/run/x', want: { family: 'unix', path: '/run/x' } },
    { input: 'vsock/3', want: { family: 'vsock', cid: 3, port: 22 } },
    { input: 'vsock:3:0', want: { family: 'vsock', cid: 3, port: 0 } },
    {
      input: 'vsock/local',
      want: { family: 'vsock', cid: 1, port: 22 },
      steps: ['CID 1 is this host itself, as ssh localhost is'],
    },
    { input: 'vsock-mux/run/v', want: { family: 'vsock-mux', path: '/run/v', port: 22 } },
    { input: 'vsock-mux:/run/v:0', want: { family: 'vsock-mux', path: '/run/v', port: 0 } },
  ])('$input needs no lookup', async ({ input, want, steps = [] }) => {
    const recheck = want.family === 'vsock' ? { recheck: expect.any(Function) } : {};
    expect(await outcome(input)).toEqual({ endpoint: want, steps, ...recheck });
  });

  const tools = 'vmssh, python3, socat or ncat';
  it.each<{ there: string; at?: object; by?: string; port?: number }>([
    { there: 'mint', by: 'vmssh' },
    { there: 'vsock/3', at: { family: 'vsock', cid: 3, port: 22 } },
    { there: 'vsock:3:50', at: { family: 'vsock', cid: 3, port: 50 }, port: 50 },
    { there: 'unix%run%x', at: { family: 'unix', path: '/run%x', otherPath: '/run/x' } },
    { there: 'vsock-mux/run/v', at: { family: 'vsock-mux', path: '/run/v', port: 22 } },
  ])('$there of a hypervisor is looked up there, if at all', async ({ there, at, by = tools, port = 22 }) => {
    const hop = { family: 'via', target: there, port, ...(at ? { at } : {}) };
    const step = `and ${there} there by its ${by}`;
    const one = { endpoint: { ...hop, host: 'hv1' }, steps: [`ssh to hv1, ${step}`] };
    expect(await outcome(`via/hv1/${there}`)).toEqual(one);
    expect(await outcome(`via/hv1/via/hv2/${there}`)).toEqual({
      endpoint: { ...one.endpoint, target: `via/hv2/${there}`, at: { ...hop, host: 'hv2' } },
      steps: ['ssh to hv1, and on from there', `ssh to hv2, ${step}`],
    });
  });

  it('an AF_HYPERV address needs no lookup on Windows', async () => {
    const endpoint = {
      family: 'hyper-v',
      vmId: vmIds.LOOPBACK,
      serviceId: '00000016-facb-11e6-bd58-64006a7986d3',
    };
    expect(await outcome('hvsock:LOOPBACK:vsock-22', { platform: 'win32' })).toEqual({ endpoint, steps: [] });
  });

  it.each([
    { input: 'unix/C:/Users/me/x.sock', path: 'C:/Users/me/x.sock' },
    { input: 'unix:c:\\x y\\s', path: 'c:\\x y\\s' },
    { input: 'unix%C:%x%s', path: 'C:/x/s' },
    { input: 'unix/run/x', path: '/run/x' },
    { input: 'unix/./x', path: './x' },
  ])('$input is $path on Windows', async ({ input, path }) => {
    expect(await outcome(input, { platform: 'win32' })).toMatchObject({ endpoint: { family: 'unix', path } });
    expect(await outcome(input)).not.toMatchObject({ endpoint: { path: expect.stringMatching(/^c:/i) } });
  });

  it('takes the port that is given for the rest', async () => {
    expect(await outcome('vsock/3', { port: 4294967294 })).toMatchObject({ endpoint: { port: 4294967294 } });
    expect(await outcome('vsock-mux/v', { port: 0 })).toMatchObject({ endpoint: { port: 0 } });
  });

  it.each([
    { input: 'hyper-v/mint', hint: /from Windows/ },
    { input: `hyper-v/${vmIds.LOOPBACK}`, hint: /from Windows and from inside WSL2$/ },
    { input: vmIds.LOOPBACK, hint: /another machine's id: vmssh ssh ID/ },
    { input: 'wsl/Debian', hint: /from Windows/ },
    { input: 'hvsock:LOOPBACK:vsock-22', hint: /from Windows and from inside WSL2$/ },
  ])('$input is not reached from here, and the hint says from where', async ({ input, hint }) => {
    await expect(outcome(input)).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'resolve',
      code: 'UNSUPPORTED',
      target: input,
      hint: expect.stringMatching(hint),
    });
  });
});

describe('a target of Linux on Windows', () => {
  it.each(['vsock/3', 'machine/web', 'container/web'])('%s', async (input) => {
    await expect(outcome(input, { platform: 'win32' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringMatching(/^they are reached from Linux/),
    });
  });

  it.each(['docker', 'podman', 'incus', 'lima', 'multipass', 'qemu', 'kubectl'])(
    '%s/web is not searched for',
    async (kind) => {
      await expect(outcome(`${kind}/web`, { platform: 'win32' })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        problem: `${kind} is not asked from Windows`,
        hint: expect.stringContaining(`wsl -d DISTRO vmssh ssh ${kind}/web`),
      });
    },
  );
});

describe('a Mac', () => {
  it.each(['vsock/3', 'machine/web', 'container/web', 'wsl/Debian', 'hyper-v/mint'])(
    'does not reach %s',
    async (input) => {
      await expect(outcome(input, { platform: 'darwin' })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        hint: expect.stringMatching(/^on a Mac use /),
      });
    },
  );

  it('reaches sockets', async () => {
    expect(await outcome('unix/tmp/x', { platform: 'darwin' })).toMatchObject({
      endpoint: { path: '/tmp/x' },
    });
  });
});

describe('a percent in a path', () => {
  it.each(['unix', 'vsock-mux'])('of %s stands for a slash if no such file exists', async (kind) => {
    const asked: string[] = [];
    const exists = (path: string) => asked.push(path) < 0;
    expect(await outcome(`${kind}%run%a.sock`, { exists })).toMatchObject({
      endpoint: { family: kind, path: '/run/a.sock' },
      steps: ['no file /run%a.sock exists, so "%" is read as "/"'],
    });
    expect(asked).toEqual(['/run%a.sock']);
  });

  it.each(['unix', 'vsock-mux'])('of %s is itself if such a file exists', async (kind) => {
    const exists = (path: string) => path === '/run%a.sock';
    expect(await outcome(`${kind}%run%a.sock`, { exists })).toMatchObject({
      endpoint: { family: kind, path: '/run%a.sock' },
      steps: ['a file /run%a.sock exists, so "%" is meant literally'],
    });
  });

  it('together with a slash is itself, and no file is looked for', async () => {
    const exists = () => expect.unreachable();
    expect(await outcome('unix/run/a%b', { exists })).toEqual({
      endpoint: { family: 'unix', path: '/run/a%b' },
      steps: [],
    });
  });

  it('is decided by the file system if nobody else is asked', async () => {
    const text = 'unix%no-such-folder-of-vmssh%a';
    const { routes } = await resolveTarget(parseTarget(text), { text, port: 22, env: {}, platform: 'linux' });
    expect(routes[0]?.endpoint).toEqual({ family: 'unix', path: '/no-such-folder-of-vmssh/a' });
  });
});
