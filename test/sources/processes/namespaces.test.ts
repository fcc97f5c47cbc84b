import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { enginesIn } from '../../../src/sources/processes/namespaces.js';
import { ofProcess, processesNamed } from '../../../src/sources/processes/processes.js';
import { routesTo } from '../../../src/sources/routes.js';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { at } from '../resolved.js';
import { type FakeProcess, fakeProc } from './fake-proc.js';

const dir = useTempDir();
const id = '4f'.repeat(32);
const all = '         0          0 4294967295\n';
const ns = (kinds: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(['mnt', 'pid', 'user'].map((kind) => [kind, `${kind}:[${kinds[kind] ?? 1}]`]));

/** A process of this host, as a file system of the kernel shows it. */
function recorded(cgroup: string, nsPid: string, more: Partial<FakeProcess> = {}): FakeProcess {
  const [pid = ''] = nsPid.split('\t');
  const status = `Pid:\t${pid}\nPPid:\t1\nNSpid:\t${nsPid}\n`;
  return { argv: ['vm'], status, files: { cgroup: `0::${cgroup}\n`, uid_map: all }, ns: ns(), ...more };
}

const self = recorded('/user.slice/user-1000.slice/session-2.scope', '99', { argv: ['vmssh'] });
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

  it.each<{ name: string; process: FakeProcess; want: boolean }>([
    { name: 'a unit', process: recorded('/system.slice/vm.service', '100'), want: false },
    {
      name: 'a unit with PrivateTmp=',
      process: recorded('/system.slice/vm.service', '100', { ns: ns({ mnt: 2 }) }),
      want: false,
    },
    {
      name: 'a unit with PrivatePIDs=',
      process: recorded('/system.slice/vm.service', '100\t1', { ns: ns({ mnt: 2, pid: 2 }) }),
      want: false,
    },
    {
      name: "libvirt's QEMU",
      process: recorded(String.raw`/machine.slice/machine-qemu\x2d1\x2dmint.scope/libvirt/emulator`, '100', {
        uid: 107,
        ns: ns({ mnt: 2 }),
      }),
      want: false,
    },
    {
      name: "one of this user's session",
      process: recorded('/user.slice/user-1000.slice/session-2.scope', '100', { uid: 1000 }),
      want: false,
    },
    {
      name: 'one that Docker itself has started',
      process: recorded('/system.slice/docker.service', '100'),
      want: false,
    },
    {
      name: "Firecracker's jailer with a pid namespace",
      process: recorded('/firecracker/web', '100\t1', { ns: ns({ mnt: 2, pid: 2 }) }),
      want: false,
    },
    {
      name: 'the first of Docker',
      process: recorded(`/system.slice/docker-${id}.scope`, '100\t1'),
      want: true,
    },
    {
      name: 'Docker with --pid=host',
      process: recorded(`/system.slice/docker-${id}.scope`, '100'),
      want: true,
    },
    { name: 'Docker without systemd', process: recorded(`/docker/${id}`, '100\t7'), want: true },
    { name: 'Docker with --cgroup-parent', process: recorded(`/vms/${id}`, '100\t1'), want: true },
    {
      name: 'Podman, in a group that its root has made',
      process: recorded(`/machine.slice/libpod-${id}.scope/container/system.slice/vm.service`, '100\t1'),
      want: true,
    },
    {
      name: "this user's Podman without a group of its own",
      process: recorded('/user.slice/user-1000.slice/session-2.scope', '100\t5', {
        uid: 1000,
        files: {
          cgroup: '0::/user.slice/user-1000.slice/session-2.scope\n',
          uid_map: '0 1000 1\n1 100000 65536\n',
        },
        ns: ns({ user: 2, pid: 2, mnt: 2 }),
      }),
      want: true,
    },
    {
      name: 'the same, of which only the map is seen',
      process: recorded('/', '100', { files: { uid_map: '0 100000 65536\n' }, ns: {} }),
      want: true,
    },
    { name: 'one deeper, with no group', process: recorded('/user.slice', '100\t1\t1'), want: true },
    {
      name: 'one that is not the first there',
      process: recorded('/system.slice/x.service', '100\t9'),
      want: true,
    },
    {
      name: 'another pid namespace that /proc does not count',
      process: recorded('/', '100', { ns: ns({ pid: 2 }) }),
      want: true,
    },
    {
      name: 'LXC and Incus',
      process: recorded('/lxc.payload.web/system.slice/vm.service', '100\t44'),
      want: true,
    },
    {
      name: 'nspawn',
      process: recorded('/machine.slice/machine-web.scope/payload/init.scope', '100\t1'),
      want: true,
    },
    {
      name: 'Kubernetes',
      process: recorded(`/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`, '100\t1'),
      want: true,
    },
    {
      name: 'one of cgroups v1',
      process: recorded('', '100', { files: { cgroup: `12:pids:/docker/${id}\n1:name=systemd:/\n0::/\n` } }),
      want: true,
    },
    { name: 'of a kernel that shows nothing', process: { argv: ['vm'] }, want: false },
  ])('$want: $name', async ({ process, want }) => {
    expect(await isIn([process])).toEqual([want]);
  });

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

  const cannot = missingPrograms({ unshare: 'util-linux' }) ?? mayNot();
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
  it.each([
    { path: '/', want: [] },
    { path: '/system.slice/containerd.service', want: [] },
    { path: '/system.slice/docker.service/payload.service', want: [] },
    {
      path: `/user.slice/user@1000.service/user.slice/libpod-${id}.scope/a`,
      want: [`/user.slice/user@1000.service/user.slice/libpod-${id}.scope`],
    },
    { path: `/docker/${id}/kubepods/x`, want: [`/docker/${id}/kubepods`] },
    {
      path: '/user.slice/user@1000.service/user.slice/user-libpod_pod_1.slice/x',
      want: ['/user.slice/user@1000.service/user.slice/user-libpod_pod_1.slice'],
    },
    {
      path: String.raw`/machine.slice/machine-lxc\x2d7\x2da.scope`,
      want: [String.raw`/machine.slice/machine-lxc\x2d7\x2da.scope`],
    },
  ])('in $path', ({ path, want }) => {
    expect(enginesIn(`0::${path}\n`)).toEqual(want);
  });
});
