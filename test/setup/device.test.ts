import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { scriptFor } from '../../src/setup/by-login.js';
import { device, lookForDevice } from '../../src/setup/device.js';
import { newSetup } from '../../src/setup/step.js';
import { settingUp } from '../../src/setup/steps.js';
import { noEntry, way, wayIn } from '../../src/setup/way.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { useSocketFolder } from '../connect/socket-folder.js';
import { fakeIo } from '../helpers/fake-io.js';
import { script, useTempDir } from '../helpers/temp-dir.js';
import type { MachineState, VirshCase } from '../sources/libvirt/stand-in.js';
import { deviceCases, refuses, standInVirsh } from '../sources/libvirt/stand-in.js';
import { lookFacts } from './look-facts.js';

const dir = useTempDir();
const folder = useSocketFolder();
const [bin, log] = [join(dir, 'bin'), join(dir, 'log')];
const record: ListedMachine = {
  ...{ provider: 'libvirt', name: 'mint', target: 'qemu/mint', status: 'running', also: [] },
  uuid: '83055167-4a13-0eb1-c290-e328df73ee72',
};
const env = { PATH: `${bin}:${process.env.PATH}`, HOME: dir, XDG_STATE_HOME: join(dir, 'state') };
const io = fakeIo({ env });
const { signal } = new AbortController();
let state: string;

beforeEach(() => {
  mkdirSync(bin, { recursive: true });
  rmSync(log, { force: true });
  state = mkdtempSync(join(dir, 'machine-'));
});

interface Given {
  readonly machine?: MachineState;
  readonly first?: readonly VirshCase[];
  readonly restart?: boolean;
  readonly vhost?: string;
  /** Whether an sshd answers by another route, and vsock is insisted on. */
  readonly answers?: true;
  readonly vsock?: boolean;
  /** Its devices: of the machine and of its definition. */
  readonly live?: string;
  readonly config?: string;
}

const ours = "<vsock><alias name='ua-vmssh'/></vsock>";
const foreign = "<vsock><alias name='vsock0'/></vsock>";

function setupOf(machine: ListedMachine, restart = false, vsock = false) {
  const named = { text: 'mint', target: parseTarget(machine.target), machine };
  const more = { takeName: false, all: false, unproved: false, sharedHome: false, vsock };
  const flags = { noConfig: true, install: false, bring: false, restart, ...more };
  const options = { ...flags, user: undefined, key: undefined, by: undefined, hostKey: undefined };
  return newSetup(named, { name: 'mint', options, io, signal }, () => {});
}

/** Plans, and does it if nothing failed. Resolves to the steps. */
async function setUp(
  { machine, first = [], restart = false, vhost = dir, answers, vsock, live, config }: Given,
  of = record,
) {
  for (const [name, text] of Object.entries({ live, config }))
    if (text) writeFileSync(join(state, name), text);
  standInVirsh(bin, log, [...first, ...deviceCases(state, machine)]);
  const setup = setupOf(of, restart, vsock);
  const start = 'virsh start mint';
  const means = { text: 'mint', parsed: setup.named.target, port: 22, user: 'root' };
  const check = answers && (async () => ({ target: 'mint', means, stages: [] }));
  const { missing } = (await lookForDevice(setup, start, vhost, check)) ?? {};
  const isDone = missing !== undefined && !setup.isFailed();
  if (isDone) await device.act?.(setup, lookFacts({ missing, start }), {});
  return {
    isThere: isDone ? !setup.isFailed() : undefined,
    steps: setup.steps.map(({ name, state, found, fix }) => [state, name, found, fix].join(' ').trim()),
  };
}
const lasting = 'a vsock device is added to the machine and its definition';
const full: VirshCase = [
  '*attach-device*--live*',
  refuses('error: internal error: No more available PCI slots'),
];
const waits = 'it is in its definition, and comes when the machine is shut down and started';

describe('the step for a vsock device', () => {
  const added = `changed device ${lasting}`;
  const toDefinition = 'changed device its definition has a vsock device now';
  const noPolkit = refuses('error: authentication unavailable: no polkit agent available');
  const noVsock = refuses('error: unsupported configuration: no vsock here');
  const none = join(dir, 'none');

  it.each<[name: string, given: Given, isThere: boolean | undefined, want: readonly string[]]>([
    ['is not needed', { live: foreign, config: foreign }, undefined, []],
    ['adds it', {}, true, [added, 'changed device the machine has a vsock device now']],
    [
      'says that the machine has to be restarted, and does not do it',
      { first: [full] },
      false,
      [added, toDefinition, `failed way ${waits} vmssh setup --restart mint`],
    ],
    [
      'restarts it with --restart',
      { first: [full], restart: true },
      true,
      [added, toDefinition, 'changed device it was shut down and started, and has the device'],
    ],
    [
      'finds it in the definition',
      { config: ours },
      undefined,
      [`failed device ${waits} vmssh setup --restart mint`],
    ],
    [
      'is for the definition of a machine that is off',
      { machine: { state: 'shut off' } },
      true,
      ['changed device a vsock device is added to its definition', toDefinition],
    ],
    [
      'is put into the definition that lacks it, as the next start would lose it',
      { live: ours },
      true,
      ['changed device a vsock device is added to its definition', toDefinition],
    ],
    [
      'loses no saved memory',
      { machine: { state: 'shut off', saved: 'yes' } },
      undefined,
      ['failed device its memory is saved, and would be lost with another device virsh start mint'],
    ],
    [
      'needs the module of the host',
      { vhost: none },
      undefined,
      [`failed device this host has no ${none} sudo modprobe vhost_vsock`],
    ],
    [
      'is left out if another route answers',
      { vhost: none, answers: true },
      undefined,
      [`skipped device this host has no ${none}: vsock is left out`],
    ],
    [
      'is insisted on with --vsock',
      { config: ours, answers: true, vsock: true },
      undefined,
      [`failed device ${waits} vmssh setup --restart mint`],
    ],
    [
      'says that libvirt does not let this user in',
      { first: [['*dominfo*', noPolkit]] },
      undefined,
      ['failed device virsh: authentication unavailable: no polkit agent available'],
    ],
    [
      'says what libvirt says',
      { first: [['*attach-device*', noVsock]] },
      false,
      [added, 'failed device virsh: unsupported configuration: no vsock here'],
    ],
  ])('$0', async (_name, given, isThere, want) => {
    expect(await setUp(given)).toEqual({ isThere, steps: want });
    const left = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('vsock.xml'),
    );
    expect(left).toEqual([]);
  });

  it.each([
    {
      what: 'without an agent: what to type on the console',
      more: { byHand: ['no agent', 'type'] as const },
      end: 'inside no agent type',
    },
    {
      what: 'to one that is off',
      status: 'off',
      machine: { state: 'shut off' },
      end: 'way it is off virsh start mint',
    },
    { what: 'to one that is paused', status: 'paused', end: 'way it is paused virsh start mint' },
  ] as const)('is added as the plan says, and what is left to do is a failure: $what', async (row) => {
    const {
      status = 'running',
      machine,
      more,
      end,
    } = { machine: undefined, more: { start: 'virsh start mint' }, ...row };
    standInVirsh(bin, log, deviceCases(state, machine));
    const setup = setupOf({ ...record, status });
    const { missing } = (await lookForDevice(setup, undefined, dir)) ?? {};
    const found = lookFacts({ ...more, ...(missing && { missing }) });
    const plan = { name: 'mint', target: 'qemu/mint', steps: [], setup, found };
    const { steps } = await settingUp({ ...setup, show() {} }).carryOut(plan);
    const device = machine ? 'its definition' : 'the machine';
    expect(steps.map(({ name, found, fix = '' }) => `${name} ${found} ${fix}`.trim())).toEqual([
      `device ${device} has a vsock device now`,
      end,
    ]);
  });

  it.each([
    { status: 'off', start: 'Start-VM mint', want: 'failed way it is off Start-VM mint' },
    { want: 'failed inside none goes in by ssh' },
    {
      code: 'NOT_RUN',
      want: 'failed inside none goes in; by a login instead: vmssh setup --by login mint by ssh',
    },
  ] as const)('is none of Hyper-V, into which nobody goes: $want', async (row) => {
    const { status = 'running', start, code = 'NO_EXEC', want } = { start: undefined, ...row };
    const setup = setupOf({ ...record, provider: 'hyper-v', status });
    const failed = new ConnectError('resolve', 'hyper-v/mint', {
      code,
      problem: 'none goes in',
      hint: 'by ssh',
    });
    const by = code === 'NO_EXEC' ? 'exec' : undefined;
    await noEntry({ ...setup, options: { ...setup.options, by } }, failed, lookFacts({ start }));
    expect(setup.steps.map((each) => `${each.state} ${each.name} ${each.found} ${each.fix}`)).toEqual([want]);
  });

  it('is no question of a distribution of WSL that is off: to look at it has started it', async () => {
    const path = await folder.listen((peer) => peer.end('SSH-2.0-x\r\n'));
    script(join(bin, 'ssh'), 'exit 0');
    const setup = setupOf({ ...record, provider: 'wsl', target: `unix${path}`, status: 'off' });
    const named = { ...setup, target: `unix${path}` };
    const found = await wayIn(named);
    expect([setup.steps, found]).toMatchObject([[], { start: undefined }]);
    await way.look?.(named, lookFacts(found));
    expect(setup.steps.map(({ name, state }) => [name, state])).toEqual([['way', 'ok']]);
  });

  it("lets no login write into a home of this host's, which its sshd may have", async () => {
    const setup = setupOf(record);
    const refused = new ConnectError('resolve', 'mint', { code: 'NO_EXEC', problem: 'none goes in' });
    const login = { target: record.target, user: userInfo().username };
    const plan = lookFacts({ login, answer: { target: 'mint', stages: [] } });
    const found = lookFacts(await noEntry(setup, refused, plan, plan));
    expect(found.hosts.length).toBeGreaterThan(0);
    for (const mark of found.hosts) expect(scriptFor(setup, found, true)).toContain(mark);
  });

  it.each(['machined', 'qemu', 'incus'])('is none of a machine of %s', async (provider) => {
    expect(await setUp({}, { ...record, provider })).toEqual({ isThere: undefined, steps: [] });
    expect(() => readFileSync(log)).toThrow('ENOENT');
  });

  it.each<{ name: string; given: Given; want: readonly string[] }>([
    {
      name: 'takes back ours',
      given: { live: ours, config: ours },
      want: ['changed the vsock device is removed'],
    },
    { name: 'leaves that of others', given: { live: foreign, config: foreign }, want: [] },
    {
      name: 'loses no saved memory',
      given: { config: ours, machine: { state: 'shut off', saved: 'yes' } },
      want: ['failed its memory is saved, and would be lost without the device'],
    },
  ])('with --undo $name', async ({ given: { machine, live, config }, want }) => {
    for (const [name, text] of Object.entries({ live, config }))
      if (text) writeFileSync(join(state, name), text);
    standInVirsh(bin, log, deviceCases(state, machine));
    const setup = setupOf(record);
    await device.undo?.(setup, { said: [], own: [] }, 'do');
    expect(setup.steps.map(({ state, found }) => `${state} ${found}`)).toEqual(want);
  });
});
