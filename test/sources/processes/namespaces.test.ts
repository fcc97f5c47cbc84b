import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { enginesIn } from '../../../src/sources/processes/namespaces.js';
import { ofProcess, processesNamed } from '../../../src/sources/processes/processes.js';
import { routesTo } from '../../../src/sources/routes.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { at } from '../resolved.js';
import { type FakeProcess, fakeProc } from './fake-proc.js';

const dir = useTempDir();
const id = '4f'.repeat(32);
const all = '         0          0 4294967295\n';
const ns = (kinds: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(['mnt', 'pid', 'user'].map((kind) => [kind, `${kind}:[${kinds[kind] ?? 1}]`]));

const unit = '/system.slice/vm.service';
const session = '/user.slice/user-1000.slice/session-2.scope';

/** A process of this host, as a file system of the kernel shows it. */
function recorded(cgroup: string, nsPid: string, more: Partial<FakeProcess> = {}): FakeProcess {
  const [pid = ''] = nsPid.split('\t');
  const status = `Pid:\t${pid}\nPPid:\t1\nNSpid:\t${nsPid}\n`;
  return { argv: ['vm'], status, files: { cgroup: `0::${cgroup}\n`, uid_map: all }, ns: ns(), ...more };
}

const self = recorded(session, '99', { argv: ['vmssh'] });
/** Why this user can make no user namespace. */
function mayNot(): string | undefined {
  const { status } = spawnSync('unshare', ['--user', 'true']);
  return status === 0 ? undefined : 'no user namespaces here: sysctl kernel.unprivileged_userns_clone=1';
}

const child = (ppid: number, nsPid: string) => `PPid:\t${ppid}\nNSpid:\t${nsPid}\n`;

describe('a process in a container', () => {
  const isIn = async (processes: readonly FakeProcess[], own: FakeProcess = self) => {
    const procDir = fakeProc(dir, processes, own);
    const found = await processesNamed(/^vm$/, { env: {}, procDir }, { uid: 1000 });
    return found.map(({ authority }) => authority === 'other');
  };

  const own = { mnt: 2, pid: 2 };
  const users = (map: string, more: Partial<FakeProcess> = {}) =>
    recorded(session, '100', {
      ...{ uid: 1000, ns: ns({ mnt: 2, user: 2 }), net: 'own' },
      files: { cgroup: `0::${session}\n`, uid_map: map },
      ...more,
    });
  const libvirts = String.raw`/machine.slice/machine-qemu\x2d1\x2dmint.scope/libvirt/emulator`;
  it.each<[string, FakeProcess]>([
    ['a unit', recorded(unit, '100')],
    ['a unit with PrivateTmp=', recorded(unit, '100', { ns: ns({ mnt: 2 }) })],
    ['a unit with PrivatePIDs=', recorded(unit, '100\t1', { ns: ns(own) })],
    ["libvirt's QEMU", recorded(libvirts, '100', { uid: 107, ns: ns({ mnt: 2 }) })],
    ["one of this user's session", recorded(session, '100', { uid: 1000 })],
    ["a unit of this user's with PrivateTmp=, a user namespace", users('1000 1000 1\n')],
    ['one that Docker itself has started', recorded('/system.slice/docker.service', '100')],
    ["Firecracker's jailer with a pid namespace", recorded('/firecracker/web', '100\t1', { ns: ns(own) })],
    ['one of a kernel that shows nothing', { argv: ['vm'] }],
  ])('is not %s', async (_name, process) => expect(await isIn([process])).toEqual([false]));

  const rootless = { cgroup: `0::${session}\n`, uid_map: '0 1000 1\n1 100000 65536\n' };
  const v1 = { cgroup: `12:pids:/docker/${id}\n1:name=systemd:/\n0::/\n` };
  it.each<[string, FakeProcess]>([
    ['the first of Docker', recorded(`/system.slice/docker-${id}.scope`, '100\t1')],
    ['Docker with --pid=host', recorded(`/system.slice/docker-${id}.scope`, '100')],
    ['Docker without systemd', recorded(`/docker/${id}`, '100\t7')],
    ['Docker with --cgroup-parent', recorded(`/vms/${id}`, '100\t1')],
    [
      'Podman, in a group of its root',
      recorded(`/machine.slice/libpod-${id}.scope/container${unit}`, '100\t1'),
    ],
    [
      "this user's Podman without a group of its own",
      recorded(session, '100\t5', { uid: 1000, files: rootless, ns: ns({ user: 2, ...own }) }),
    ],
    [
      'the same, of which only the map is seen',
      recorded('/', '100', { files: { uid_map: '0 100000 65536\n' }, ns: {} }),
    ],
    ['one of other users', users('0 1000 1\n')],
    ['one of another network', users('1000 1000 1\n', { net: 'other' })],
    ['one of other pids', users('1000 1000 1\n', { ns: ns({ pid: 2, user: 2 }) })],
    ['one deeper, with no group', recorded('/user.slice', '100\t1\t1')],
    ['one that is not the first there', recorded('/system.slice/x.service', '100\t9')],
    ['another pid namespace that /proc does not count', recorded('/', '100', { ns: ns({ pid: 2 }) })],
    ['LXC and Incus', recorded(`/lxc.payload.web${unit}`, '100\t44')],
    ['nspawn', recorded('/machine.slice/machine-web.scope/payload/init.scope', '100\t1')],
    ['Kubernetes', recorded(`/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`, '100\t1')],
    ['one of cgroups v1', recorded('', '100', { files: v1 })],
  ])('is %s', async (_name, process) => expect(await isIn([process])).toEqual([true]));

  it.each([
    { starter: 'systemd', want: false },
    { starter: 'jailer', want: false },
    { starter: 'conmon', want: true },
    { starter: 'containerd-shim', want: true },
  ])('may be the first of its pid namespace, started by $starter: $want', async ({ starter, want }) => {
    const first = recorded('/user.slice', '100\t1', { status: child(101, '100\t1') });
    const parent = recorded('/user.slice', '101', { argv: [starter], status: child(1, '101') });
    expect(await isIn([first, parent])).toEqual([want]);
  });

  it('was not started by what calls itself systemd in the container', async () => {
    const first = recorded('/user.slice', '100\t1', { status: child(101, '100\t1') });
    const parent = recorded('/user.slice', '101\t1', { argv: ['systemd'], status: child(1, '101\t1') });
    expect(await isIn([first, parent])).toEqual([true]);
  });

  it("is this one's neighbour if vmssh runs there too", async () => {
    const there = recorded(`/docker/${id}`, '100\t7', { ns: ns({ pid: 2, user: 2 }) });
    const other = recorded(`/docker/${'00'.repeat(32)}`, '101\t7', { ns: ns({ pid: 3 }) });
    expect(await isIn([there, other], there)).toEqual([false, true]);
  });

  const cannot = lacks('unshare') ?? mayNot();
  it.skipIf(cannot)(`is one of a real user namespace${cannot ? ` (${cannot})` : ''}`, async () => {
    const vm = ['bash', '-c', 'exec -a vmssh-test-vm sleep 60'] as const;
    const [child, plain] = [spawn('unshare', ['--user', '--', ...vm]), spawn(vm[0], vm.slice(1))];
    try {
      const find = async () => processesNamed(/^vmssh-test-vm$/, { env: {} });
      await expect.poll(async () => (await find()).length).toBe(2);
      const found = await find();
      const of = ({ pid }: { readonly pid?: number }) => found.find((each) => each.pid === pid);
      expect([of(child)?.authority, of(plain)?.authority === 'other']).toEqual(['other', false]);
    } finally {
      child.kill('SIGKILL');
      plain.kill('SIGKILL');
    }
  });

  it('has no name, UUID or pid, and only its socket as an address', () => {
    const known = { name: 'web', target: 'qemu/web', status: 'running', provider: 'qemu' } as const;
    const machine = { ...known, uuid: 'u', pid: 100 };
    const process = { pid: 100, uid: 0, argv: [], authority: 'other' } as const;
    const address = 'vsock/3';
    const routes = routesTo([address]);
    expect(ofProcess(process, { ...machine, cid: 3, routes })).toEqual([
      { name: address, target: address, status: 'running', provider: 'qemu', routes, authority: 'other' },
    ]);
    expect(ofProcess(process, { ...machine, ...at('127.0.0.1:22') })).toEqual([]);
    expect(ofProcess(process, machine)).toEqual([]);
  });
});

describe('the groups of container engines', () => {
  const users = '/user.slice/user@1000.service/user.slice';
  const lxc = String.raw`/machine.slice/machine-lxc\x2d7\x2da.scope`;
  it.each([
    { path: '/', want: [] },
    { path: '/system.slice/containerd.service', want: [] },
    { path: '/system.slice/docker.service/payload.service', want: [] },
    { path: `${users}/libpod-${id}.scope/a`, want: [`${users}/libpod-${id}.scope`] },
    { path: `/docker/${id}/kubepods/x`, want: [`/docker/${id}/kubepods`] },
    { path: `${users}/user-libpod_pod_1.slice/x`, want: [`${users}/user-libpod_pod_1.slice`] },
    { path: lxc, want: [lxc] },
  ])('in $path', ({ path, want }) => {
    expect(enginesIn(`0::${path}\n`)).toEqual(want);
  });
});
