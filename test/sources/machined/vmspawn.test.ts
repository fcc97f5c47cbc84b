import { describe, expect, it } from 'vitest';
import { parseMachine } from '../../../src/sources/machined/machined.js';
import { machined } from '../../../src/sources/machined/source.js';
import { boundUsers, statusOf } from '../../../src/sources/machined/vmspawn.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fakeProc } from '../processes/fake-proc.js';
import { type Answer, machines, says, usePeerFolder, wire } from './varlink-peer.js';

const dir = useTempDir();
const image = ['-M', 'web', '--image=web.raw'];

/** The login user of a machine that the first of these processes, pid 100, runs. */
async function userOf(argv: readonly string[], fields: JsonObject = {}, uid = 0) {
  const about = { name: 'web', service: 'systemd-vmspawn', supervisor: { pid: 100 }, leader: { pid: 101 } };
  const machine = parseMachine({ ...about, ...fields }, 'system');
  const qemu = ['qemu-system-x86_64', '--bind-user=eve'];
  const procDir = fakeProc(dir, [{ argv, uid }, { argv: qemu }]);
  return (await boundUsers([machine], { env: {}, platform: 'linux', procDir })).get(machine);
}

describe('the login user of a machine of systemd-vmspawn', () => {
  const ann = ['systemd-vmspawn', '--bind-user=ann'];
  it.each<{ name: string; argv: readonly string[]; fields?: JsonObject; uid?: number; want?: 'ann' }>([
    { name: '--bind-user=USER', argv: [...ann, ...image], want: 'ann' },
    {
      name: '--bind-user USER',
      argv: ['/usr/bin/systemd-vmspawn', ...image, '--bind-user', 'ann'],
      want: 'ann',
    },
    { name: 'the same one twice', argv: [...ann, '--bind-user-shell=yes', '--bind-user=ann'], want: 'ann' },
    { name: 'only the leader', argv: ann, fields: { supervisor: null, leader: 100 }, want: 'ann' },
    { name: 'no such option', argv: ['systemd-vmspawn', ...image] },
    { name: 'several users', argv: [...ann, '--bind-user=bob'] },
    { name: 'no user after the option', argv: ['systemd-vmspawn', '--bind-user'] },
    { name: 'it in the words for the kernel', argv: ['systemd-vmspawn', ...image, '--', '--bind-user=ann'] },
    { name: 'one that ssh refuses', argv: ['systemd-vmspawn', '--bind-user=-oProxyCommand=x'] },
    { name: 'another program', argv: ['sh', ...ann] },
    { name: "somebody else's process", argv: ann, uid: 4321 },
    { name: 'a process that is gone', argv: ann, fields: { supervisor: { pid: 4000000 } } },
    { name: 'another service', argv: ann, fields: { service: 'mkosi' } },
  ])('with $name is $want', async ({ argv, fields, uid, want }) => {
    expect(await userOf(argv, fields, uid)).toBe(want);
  });
});

const folder = usePeerFolder();

const record = (more: JsonObject) => ({ name: 'web', class: 'vm', vSockCid: 3, ...more });
const deps = () => ({ env: {}, runDir: `${folder.path}/run`, timeoutMs: 10_000 });

/** Answers one method as systemd-vmspawn does, and no other. */
function control(method: string, parameters: JsonObject): Answer {
  return (request, peer) => {
    if (request.method === `io.systemd.MachineInstance.${method}`) peer.write(wire({ parameters }));
    else peer.write(wire({ error: 'org.varlink.service.MethodNotFound', parameters: { method } }));
  };
}

describe('a machine with a control socket', () => {
  it.each([
    { method: 'QueryStatus', answer: { running: false, status: 'paused' }, want: 'paused' },
    { method: 'Describe', answer: { running: false, status: 'paused', memory: null }, want: 'paused' },
    { method: 'Describe', answer: { running: true, status: 'running' }, want: 'running' },
    { method: 'Describe', answer: { running: true, status: 'paused' }, want: 'running' },
    { method: 'Describe', answer: { running: false, status: 'io-error' }, want: 'running' },
    { method: 'Describe', answer: { status: ['paused'] }, want: 'running' },
    { method: 'Other', answer: {}, want: 'running' },
  ])('says $answer by $method: $want', async ({ method, answer, want }) => {
    const { path } = await folder.listen('control', control(method, answer));
    for (const controlAddress of [path, `unix:${path}`])
      expect(await statusOf(parseMachine(record({ controlAddress }), 'system'), deps())).toBe(want);
    await folder.listen('run/systemd/machine/io.systemd.Machine', machines(record({ controlAddress: path })));
    expect((await machined.list(deps())).found).toMatchObject([{ name: 'web', status: want }]);
    expect(await machined.find?.('web', deps())).toMatchObject({ machine: { status: want } });
  });

  it('that nobody serves, hangs up or sends too much is running', async () => {
    const gone = await folder.abandon('gone');
    const { path: silent } = await folder.listen('silent', (_request, peer) => peer.destroy());
    const { path: much } = await folder.listen('much', says('x'.repeat(1 << 18)));
    for (const controlAddress of [gone, silent, much, '/proc/none'])
      expect(await statusOf(parseMachine(record({ controlAddress }), 'system'), deps())).toBe('running');
  });

  it('is listed as running if the time is over', async () => {
    const { path: controlAddress } = await folder.listen('control', () => {});
    const machine = parseMachine(record({ controlAddress }), 'system');
    expect(await statusOf(machine, { ...deps(), signal: AbortSignal.abort() })).toBe('running');
  });

  it.each(['exec:/bin/sh', 'relative', 'ssh:host', '@abstract', ''])('is none at %j', (controlAddress) => {
    expect(parseMachine(record({ controlAddress }), 'system').controlAddress).toBeUndefined();
  });
});
