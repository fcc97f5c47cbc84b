import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { addDevice, planDevice, undoDevice } from '../../../src/commands/guest/setup-device.js';
import { collector } from '../../../src/commands/guest/setup-step.js';
import type { ReachedMachine } from '../../../src/sources/source.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import {
  deviceCases,
  type MachineState,
  refuses,
  standInVirsh,
  type VirshCase,
} from '../../sources/libvirt/stand-in.js';

const dir = useTempDir();
const [bin, log] = [join(dir, 'bin'), join(dir, 'log')];
const record: ReachedMachine = {
  ...{ provider: 'libvirt', name: 'mint', target: 'qemu/mint' },
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
  /** Its devices: of the machine and of its definition. */
  readonly live?: string;
  readonly config?: string;
}

const ours = "<vsock><alias name='ua-vmssh'/></vsock>";
const foreign = "<vsock><alias name='vsock0'/></vsock>";

/** Plans, and does it if nothing failed. Resolves to the steps. */
async function setUp(
  { machine, first = [], restart = false, vhost = dir, live, config }: Given,
  of = record,
) {
  for (const [name, text] of Object.entries({ live, config }))
    if (text) writeFileSync(join(state, name), text);
  standInVirsh(bin, log, [...first, ...deviceCases(state, machine)]);
  const { steps, add, isFailed } = collector(() => {});
  const options = { restart, typed: 'mint' };
  const missing = await planDevice(of, options, io, signal, add, vhost);
  const isThere = missing && !isFailed() ? await addDevice(missing, options, io, add) : undefined;
  return {
    isThere,
    steps: steps.map(({ name, state, found, fix }) => [state, name, found, fix].join(' ').trim()),
  };
}
const lasting = 'a vsock device is added to the machine and its definition';
const full: VirshCase = [
  '*attach-device*--live*',
  refuses('error: internal error: No more available PCI slots'),
];
const waits = 'it is in its definition, and comes when the machine is shut down and started';

describe('the step for a vsock device', () => {
  it.each<{ name: string; given: Given; isThere: boolean | undefined; want: readonly string[] }>([
    {
      name: 'is not needed',
      given: { live: foreign, config: foreign },
      isThere: undefined,
      want: [],
    },
    {
      name: 'adds it',
      given: {},
      isThere: true,
      want: [`changed device ${lasting}`, 'changed device the machine has a vsock device now'],
    },
    {
      name: 'says that the machine has to be restarted, and does not do it',
      given: { first: [full] },
      isThere: false,
      want: [
        `changed device ${lasting}`,
        'changed device its definition has a vsock device now',
        `failed way ${waits} vmssh setup --restart mint`,
      ],
    },
    {
      name: 'restarts it with --restart',
      given: { first: [full], restart: true },
      isThere: true,
      want: [
        `changed device ${lasting}`,
        'changed device its definition has a vsock device now',
        'changed device it was shut down and started, and has the device',
      ],
    },
    {
      name: 'finds it in the definition',
      given: { config: ours },
      isThere: undefined,
      want: [`failed device ${waits} vmssh setup --restart mint`],
    },
    {
      name: 'is for the definition of a machine that is off',
      given: { machine: { state: 'shut off' } },
      isThere: false,
      want: [
        'changed device a vsock device is added to its definition',
        'changed device its definition has a vsock device now',
        'failed way it is off vmssh check --start mint',
      ],
    },
    {
      name: 'loses no saved memory',
      given: { machine: { state: 'shut off', saved: 'yes' } },
      isThere: undefined,
      want: [
        'failed device its memory is saved, and would be lost with another device vmssh check --start mint',
      ],
    },
    {
      name: 'needs the module of the host',
      given: { vhost: join(dir, 'none') },
      isThere: undefined,
      want: [`failed device this host has no ${join(dir, 'none')} sudo modprobe vhost_vsock`],
    },
    {
      name: 'says that libvirt does not let this user in',
      given: {
        first: [['*dominfo*', refuses('error: authentication unavailable: no polkit agent available')]],
      },
      isThere: undefined,
      want: ['failed device virsh: authentication unavailable: no polkit agent available'],
    },
    {
      name: 'says what libvirt says',
      given: { first: [['*attach-device*', refuses('error: unsupported configuration: no vsock here')]] },
      isThere: false,
      want: [`changed device ${lasting}`, 'failed device virsh: unsupported configuration: no vsock here'],
    },
  ])('$name', async ({ given, isThere, want }) => {
    expect(await setUp(given)).toEqual({ isThere, steps: want });
    const left = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('vsock.xml'),
    );
    expect(left).toEqual([]);
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
    const { steps, add } = collector(() => {});
    await undoDevice(record, io, signal, add);
    expect(steps.map(({ state, found }) => `${state} ${found}`)).toEqual(want);
  });
});
