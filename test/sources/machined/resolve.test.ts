import { describe, expect, it } from 'vitest';
import { parseTarget, type ResolveOptions, resolveTarget } from '../../../src/kinds/kinds.js';
import { allRoutes } from '../../../src/reach/routes.js';
import { findMachine } from '../../../src/sources/find.js';
import { findMachined, machined, resolveMachined } from '../../../src/sources/machined/source.js';
import type { Deps, ResolveContext } from '../../../src/sources/source.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import type { RouteName } from '../../../src/typed/route.js';
import { fakeProc } from '../processes/fake-proc.js';
import { byFirstRoute } from '../resolved.js';
import { type Answer, machines, recorded, says, saysRecorded, usePeerFolder, wire } from './varlink-peer.js';

const socket = 'systemd/machine/io.systemd.Machine';
const folder = usePeerFolder();

const context = (text: string) => ({
  ...({ text, port: 22, env: {}, platform: 'linux', exists: () => false } as const),
  runDir: `${folder.path}/run`,
});
const resolved = (text: string, more: Partial<ResolveOptions> = {}) =>
  resolveTarget(parseTarget(text), { ...context(text), ...more });

const outcome = async (...asked: Parameters<typeof resolved>) => byFirstRoute(await resolved(...asked));

/** The machine of this name, as a user with this uid finds it. */
const resolveMachine = async (name: string, context: ResolveContext, uid?: number) => {
  const source = {
    ...machined,
    resolve: (...asked: Parameters<typeof resolveMachined>) => resolveMachined(asked[0], asked[1], uid),
  };
  return byFirstRoute(await findMachine([async () => source], name, context));
};

const system = (answer: Answer) => folder.listen(`run/${socket}`, answer);
const registered = (fields: JsonObject) => system(machines({ name: 'a', class: 'vm', ...fields }));
const refused = (found: Promise<unknown>, fields: object) =>
  expect(found).rejects.toMatchObject({ name: 'ConnectError', op: 'resolve', ...fields });

describe('a machine that a machined without an answer may have too', () => {
  const uuid = '11111111-2222-4333-8444-555555555555';
  const fields = { name: 'a', class: 'vm', vSockCid: 3, id: uuid.replaceAll('-', '') };
  const asked = async (text: string) => {
    const signal = AbortSignal.timeout(20_000);
    const env = { XDG_RUNTIME_DIR: `${folder.path}/user` };
    const deps = { ...context(text), env, signal, timeoutMs: 300 };
    return resolveMachine(text.replace('machine/', ''), deps);
  };

  it("is refused if this user's is silent and the system's has the name; its id is not", async () => {
    await folder.listen(`user/${socket}`, () => {});
    await system(machines(fields));
    await expect(asked('machine/a')).rejects.toMatchObject({
      code: 'TIMEOUT',
      problem: expect.stringMatching(
        /^"a" may also be a machine of a source that did not answer: \/.*Machine: no answer/,
      ),
      hint: expect.stringContaining(`type "machine/${uuid}" for the one that was found`),
    });
    expect(await asked(`machine/${uuid}`)).toMatchObject({ endpoint: { cid: 3 } });
  });

  it("is this user's if that answers first: the system's is not asked", async () => {
    await folder.listen(`user/${socket}`, machines(fields));
    await system(() => {});
    expect(await asked('machine/a')).toMatchObject({ endpoint: { cid: 3 } });
  });
});

describe('a machine', () => {
  it('of a recorded answer is reached by its CID, on the port that is asked for', async () => {
    await system(says(recorded('systemd257-list-one')));
    expect(await outcome('machine/fakevm', { port: 2222 })).toMatchObject({
      endpoint: { family: 'vsock', cid: 42, port: 2222 },
      steps: ['systemd-machined (system) knows vm "fakevm"', 'it has the vsock CID 42'],
    });
  });

  it('of systemd-vmspawn 262 is reached by its CID, with the key that was made for it', async () => {
    await system(says(recorded('systemd262-list-vmspawn')));
    const found = await outcome('machine/web');
    expect(found).toMatchObject({
      endpoint: { family: 'vsock', cid: 3699062943, port: 22 },
      identityFile: '/run/systemd/vmspawn/web/ed25519',
    });
    // Its SSH address is the CID again.
    expect(found.rest).toBeUndefined();
  });

  it('that is paused is not waited for, and the message says how it goes on', async () => {
    const paused = says(wire({ parameters: { running: false, status: 'paused' } }));
    const { path: controlAddress } = await folder.listen('control', paused);
    await registered({ vSockCid: 4, controlAddress });
    await refused(outcome('machine/a'), {
      ...{ code: 'NOT_FOUND', problem: '"a" is paused' },
      hint: 'machinectl resume a',
      start: { machine: 'a', command: ['machinectl', 'resume', 'a'] },
    });
  });

  it('of the user comes before one of the system', async () => {
    await registered({ vSockCid: 4 });
    await folder.listen(`user/${socket}`, machines({ name: 'a', class: 'vm', vSockCid: 3 }));
    const env = { XDG_RUNTIME_DIR: `${folder.path}/user` };
    const { endpoint, steps } = await outcome('machine/a', { env });
    expect(endpoint).toMatchObject({ cid: 3 });
    expect(steps[0]).toBe('systemd-machined (user) knows vm "a"');
  });

  it('registered without a route is reached as its QEMU shows', async () => {
    await registered({ leader: 101 });
    const device = ['-device', 'vhost-vsock-pci,guest-cid=42'];
    const procDir = fakeProc(folder.path, [
      { argv: ['qemu-system-x86_64', '-name', 'b', '-device', 'vhost-vsock-pci,guest-cid=43'] },
      { argv: ['qemu-system-x86_64', '-name', 'a', ...device] },
    ]);
    const steps = ['its QEMU shows its address', 'it has the SSH address "vsock/42"'];
    expect(await outcome('machine/a', { procDir })).toMatchObject({
      endpoint: { family: 'vsock', cid: 42, port: 22 },
      steps: ['systemd-machined (system) knows vm "a"', ...steps],
    });
  });

  it('gives the private key that was made for it', async () => {
    await registered({ vSockCid: 5, sshPrivateKeyPath: '/run/k' });
    expect(await outcome('machine/a')).toMatchObject({ identityFile: '/run/k' });
  });

  it.each([
    { name: 'systemd 257', path: 'run/systemd/nspawn/unix-export/c1/ssh', list: 'systemd257-list-container' },
    { name: 'systemd 262', path: 'run/systemd/nspawn/c1/unix-export/ssh', list: 'systemd262-list-container' },
  ])('that is a container is reached by the socket it exports to $name', async ({ path, list }) => {
    const [{ parameters: machine }] = JSON.parse(
      `[${recorded(list).toString().replace(/\0$/, '').replaceAll('\0', ',')}]`,
    );
    await system(machines({ ...machine, name: 'c1' }));
    const want = await folder.abandon(path);
    expect(await outcome('machine/c1')).toMatchObject({
      endpoint: { family: 'unix', path: want },
      steps: ['systemd-machined (system) knows container "c1"', `container "c1" exports ${want}`],
    });
  });

  const noExport = 'no container "a" exports an SSH socket: found none';
  it('that is a container without such a socket is found by root, who may start its sshd', async () => {
    await registered({ class: 'container', service: 'systemd-nspawn' });
    const problem = expect.stringContaining('no container "a" exports an SSH socket');
    const resolving = (uid: number) => resolveMachine('a', context('machine/a'), uid);
    await refused(resolving(1000), { code: 'NOT_FOUND', problem });
    const command = expect.arrayContaining(['systemd-run', '--machine=a', '--pipe']);
    expect(await resolving(0)).toMatchObject({
      endpoint: { family: 'exec', command, machine: 'a' },
      steps: [
        'systemd-machined (system) knows container "a"',
        noExport,
        'systemd-run starts sshd in it as its root',
      ],
    });
  });

  it.each([
    [{ vSockCid: 7 }, { cid: 7 }, 'it has the vsock CID 7'],
    [{ sshAddress: '192.0.2.1' }, { host: '192.0.2.1' }, 'it has the SSH address "192.0.2.1"'],
  ])('that is a container without such a socket is reached by $0', async (known, endpoint, step) => {
    await registered({ class: 'container', service: 'systemd-nspawn', ...known });
    const steps = ['systemd-machined (system) knows container "a"', noExport, step];
    expect(await outcome('machine/a')).toEqual({ endpoint: expect.objectContaining(endpoint), steps });
  });

  it('with a CID and an SSH address has that as its other route, or for --route ip if it is on the network', async () => {
    await registered({ vSockCid: 5, sshAddress: 'unix/run/x' });
    const machine = await outcome('machine/a');
    expect(machine).toMatchObject({ endpoint: { family: 'vsock', cid: 5, port: 22 } });
    const step = 'it has the SSH address "unix/run/x"';
    expect(machine.rest).toEqual([{ endpoint: { family: 'unix', path: '/run/x' }, steps: [step] }]);
    folder.renew();
    await registered({ vSockCid: 5, sshAddress: '192.0.2.1' });
    const networked = await resolved('machine/a');
    const names = async (only?: readonly RouteName[]) => {
      const routes = await allRoutes({ ...networked, joined: undefined }, { text: 'a', port: 22, only });
      return routes.map(({ name }) => name);
    };
    expect(await names()).toEqual(['vsock']);
    expect(await names(['ip'])).toEqual(['ip']);
  });

  it('with a CID and an SSH address that cannot be used has its CID, and -v says why', async () => {
    await registered({ vSockCid: 5, sshAddress: 'web:0' });
    const machine = await outcome('machine/a');
    expect(machine).toMatchObject({ endpoint: { family: 'vsock', cid: 5 } });
    expect(machine).not.toHaveProperty('rest');
    expect(machine.steps).toContainEqual(expect.stringMatching(/^its SSH address "web:0" cannot be used: /));
  });

  it('that is a container has its export first, and then the CID and address of its record', async () => {
    const addresses = { vSockCid: 7, sshAddress: '127.0.0.1:2222' };
    await registered({ class: 'container', service: 'systemd-nspawn', ...addresses });
    const path = await folder.abandon('run/systemd/nspawn/unix-export/a/ssh');
    const { endpoint, rest } = await outcome('machine/a');
    expect(endpoint).toEqual({ family: 'unix', path });
    expect(rest?.map((each) => each.endpoint)).toEqual([
      { family: 'vsock', cid: 7, port: 22 },
      { family: 'tcp', host: '127.0.0.1', port: 2222 },
    ]);
  });

  it.each([
    [{ class: 'container', service: 'libvirt-lxc' }, 'class container of libvirt-lxc'],
    [{}, 'class vm'],
  ])('without a CID or an address is not found, and is named: $1', async (fields, what) => {
    await registered(fields);
    const problem = `machine "a" (${what}) has neither a vsock CID nor an SSH address`;
    await refused(outcome('machine/a'), { code: 'NOT_FOUND', problem });
  });
});

describe('an SSH address', () => {
  it.each([
    { input: 'vsock/42', want: { family: 'vsock', cid: 42, port: 22 } },
    { input: 'vsock:42:5', want: { family: 'vsock', cid: 42, port: 5 } },
    { input: 'unix/run/X', want: { family: 'unix', path: '/run/X' } },
    { input: 'unix%run%X', want: { family: 'unix', path: '/run/X' } },
    { input: 'vsock-mux/run/v', want: { family: 'vsock-mux', path: '/run/v', port: 22 } },
    { input: '192.0.2.1', want: { family: 'tcp', host: '192.0.2.1', port: 22 } },
    { input: '192.0.2.1:2222', want: { family: 'tcp', host: '192.0.2.1', port: 2222 } },
    { input: '2001:db8::1', want: { family: 'tcp', host: '2001:db8::1', port: 22 } },
    { input: '[2001:db8::1]', want: { family: 'tcp', host: '2001:db8::1', port: 22 } },
    { input: '[2001:db8::1]:2222', want: { family: 'tcp', host: '2001:db8::1', port: 2222 } },
    { input: 'fe80::1%eth0', want: { family: 'tcp', host: 'fe80::1%eth0', port: 22 } },
    { input: 'web.example', want: { family: 'tcp', host: 'web.example', port: 22 } },
    { input: 'web.example:2222', want: { family: 'tcp', host: 'web.example', port: 2222 } },
    { input: 'vsock', want: { family: 'tcp', host: 'vsock', port: 22 } },
  ])('$input leads there', async ({ input, want }) => {
    await registered({ sshAddress: input });
    const { endpoint, steps } = await outcome('machine/a');
    expect(endpoint).toEqual(want);
    expect(steps[1]).toBe(`it has the SSH address "${input}"`);
  });

  it('in percent form has the literal reading if that file exists', async () => {
    await registered({ sshAddress: 'unix%run%X' });
    const { endpoint, steps } = await outcome('machine/a', { exists: (path) => path === '/run%X' });
    expect(endpoint).toEqual({ family: 'unix', path: '/run%X' });
    expect(steps[2]).toBe('a file /run%X exists, so "%" is meant literally');
  });

  it.each([
    { input: 'vsock/any', why: 'CID "any" means any machine and cannot be connected to' },
    { input: 'unix/', why: 'the socket path is empty' },
    { input: 'web:0', why: 'port 0 cannot be used: tcp has ports 1 to 65535' },
    { input: 'web:ssh', why: 'port "ssh" cannot be used: it is not a number' },
    { input: 'web:', why: 'the port is missing' },
    { input: '[web]:22', why: 'no IPv6 address is in the brackets' },
    { input: '[::1', why: 'it is neither a socket nor a host' },
    { input: ':22', why: 'it is neither a socket nor a host' },
    { input: 'a b', why: 'it is neither a socket nor a host' },
    { input: 'http://web/', why: 'port "//web/" cannot be used: it is not a number' },
  ])("$input is refused as the machine's, not the user's", async ({ input, why }) => {
    await registered({ sshAddress: input });
    const problem = `its SSH address "${input}" cannot be used: ${why}`;
    const hint = expect.stringContaining('vsock/CID');
    await refused(outcome('machine/a'), { code: 'NOT_FOUND', target: 'machine/a', problem, hint });
  });

  it('without a port takes no port that TCP does not have', async () => {
    await registered({ sshAddress: '192.0.2.1' });
    const problem = expect.stringContaining('port 70000 cannot be used: tcp has ports 1 to 65535');
    await refused(outcome('machine/a', { port: 70000 }), { problem });
  });
});

describe('no machine', () => {
  const hint = expect.any(String);
  it.each([
    { image: '/var/lib/machines/web', typed: 'web', unit: 'systemd-nspawn@web.service' },
    { image: '/var/lib/machines/db-1.raw', typed: 'db-1', unit: 'systemd-nspawn@db-1.service' },
    { image: '/var/lib/machines/web', typed: 'web', unit: 'systemd-nspawn@web.service', machined: 'absent' },
    { image: '/var/lib/machines/web', typed: 'web', unit: 'systemd-nspawn@web.service', machined: 'over' },
  ])('that is off and has the image $image is offered to be started: machined $machined', async (row) => {
    const { image, typed, unit, machined } = row;
    if (machined === 'over') await folder.abandon(`run/${socket}`);
    if (machined === undefined) await system(saysRecorded('systemd257-list-all'));
    const command = ['machinectl', 'start', typed];
    await refused(outcome(`machine/${typed}`, { exists: (path) => path === image }), {
      ...{ code: 'NOT_FOUND', problem: `"${typed}" is off` },
      hint: `machinectl start ${typed}`,
      start: { machine: typed, command, log: ['journalctl', '--unit', unit] },
    });
  });

  it.each([
    { name: 'is not root', uid: 1000, there: ['/var/lib/machines'], want: 'only root sees one that is off' },
    { name: 'is root', uid: 0, there: ['/var/lib/machines'], want: 'does not run here' },
    { name: 'has no such folder', uid: 1000, there: [], want: 'does not run here' },
    { name: 'runs it', uid: 0, there: ['/var/lib/machines/web', 'running'], want: 'does not run here' },
  ])('without a machined, for a user who $name: $want', async ({ uid, there, want }) => {
    const paths = there.map((path) => path.replace(/^running$/, `${folder.path}/run/systemd/machines/web`));
    const exists = (path: string) => paths.includes(path);
    const source = { ...machined, find: (name: string, deps: Deps) => findMachined(name, deps, uid) };
    const fix = want.startsWith('only') ? 'sudo machinectl start web' : 'apt-get install';
    const asked = findMachine([async () => source], 'web', { ...context('machine/web'), exists });
    await refused(asked, { problem: expect.stringContaining(want), hint: expect.stringContaining(fix) });
  });

  it.each([
    { name: 'of that name: lists the existing ones', list: 'systemd257-list-all', found: '"fakevm"' },
    { name: 'at all', list: 'systemd257-list-host-only', found: 'none' },
  ])('$name', async ({ list, found }) => {
    await system(saysRecorded(list));
    const problem = `systemd-machined has no machine "nope": found ${found}`;
    await refused(outcome('machine/nope'), { code: 'NOT_FOUND', problem, hint });
  });

  it('that is the only one in this case', async () => {
    await system(machines({ name: 'Web', class: 'vm' }, { name: 'WEB', class: 'vm' }));
    const problem = '"web" may be "machine/Web" or "machine/WEB"';
    await refused(outcome('machine/web'), { code: 'AMBIGUOUS', problem, hint });
  });

  it('in the system, while the user scope could not be asked', async () => {
    // With a D-Bus of the user's, a machined that refuses is broken, not absent.
    await Promise.all(['bus', socket].map((name) => folder.abandon(`user/${name}`)));
    await system(machines({ name: 'b', class: 'vm' }));
    const env = { XDG_RUNTIME_DIR: `${folder.path}/user` };
    const problem = expect.stringMatching(/found "b"; \/.*Machine: .*\(ECONNREFUSED\)$/);
    await refused(outcome('machine/a', { env }), { problem });
  });

  it('if no machined runs', async () => {
    const problem = 'systemd-machined could not be asked: it does not run here, or is older than 257';
    const install = expect.stringContaining('apt-get install systemd-container');
    await refused(outcome('machine/a'), { code: 'NOT_FOUND', problem, hint: install });
  });

  it('if machined refuses to answer', async () => {
    await system(says(wire({ error: 'org.varlink.service.PermissionDenied' })));
    const problem = expect.stringMatching(
      /^systemd-machined could not be asked: no scope answered; \/.*Machine: .*\(org\.varlink\.service\.PermissionDenied\)$/,
    );
    await refused(outcome('machine/a'), { code: 'NOT_FOUND', problem, hint });
  });
});
