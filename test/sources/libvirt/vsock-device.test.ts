import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { vsockDevice } from '../../../src/sources/libvirt/vsock-device.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { deviceCases, type MachineState, refuses, standInVirsh, type VirshCase } from './stand-in.js';

const dir = useTempDir();
const [bin, log] = [join(dir, 'bin'), join(dir, 'log')];
const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';
const deps = { env: { PATH: `${bin}:${process.env.PATH}` }, platform: 'linux' } as const;
let state: string;

beforeEach(() => {
  mkdirSync(bin, { recursive: true });
  rmSync(log, { force: true });
  state = mkdtempSync(join(dir, 'state-'));
});

function given(machine: MachineState, first: readonly VirshCase[] = [], authority?: 'user') {
  standInVirsh(bin, log, [...first, ...deviceCases(state, machine)]);
  const device = vsockDevice({ uuid, authority }, deps);
  if (device === undefined) throw new Error('it has a UUID');
  return device;
}
const calls = () => readFileSync(log, 'utf8');
const has = async (device: ReturnType<typeof given>) => {
  const { inMachine, inDefinition } = await device.facts();
  return [inMachine, inDefinition];
};
const full = [
  'error: Failed to attach device from x\nerror: internal error: No more available PCI slots',
  "error: internal error: unable to execute QEMU command 'device_add': Bus 'pcie.0' does not support hotplugging",
  'error: XML error: No PCI buses available',
];

describe('the vsock device of a domain', () => {
  it.each<{
    name: string;
    machine: MachineState;
    first?: readonly VirshCase[];
    isThere: boolean;
    want: string[];
  }>([
    { name: 'to both', machine: {}, isThere: true, want: ['ours', 'ours'] },
    { name: 'without a definition', machine: { persistent: 'no' }, isThere: true, want: ['ours', 'none'] },
    { name: 'to one that is off', machine: { state: 'shut off' }, isThere: false, want: ['none', 'ours'] },
    ...full.map((says) => ({
      name: `to the definition if there is no place: ${says.slice(-30)}`,
      machine: {},
      first: [['*attach-device*--live*', refuses(says)]] as const,
      isThere: false,
      want: ['none', 'ours'],
    })),
  ])('is added $name, by a file of its own, and taken back', async ({ machine, first, isThere, want }) => {
    const device = given(machine, first);
    const folder = mkdtempSync(join(dir, 'own-'));
    expect(await device.add(await device.facts(), folder)).toBe(isThere);
    expect(await has(device)).toEqual(want);
    expect(readFileSync(join(state, 'mode'), 'utf8')).toBe('600\n');
    await device.remove(await device.facts());
    expect(await has(device)).toEqual(['none', 'none']);
  });

  it.each([
    { machine: { persistent: 'no' } as MachineState, says: full[0] ?? '' },
    { machine: {}, says: 'error: unable to open vhost-vsock device: Permission denied' },
  ])('is not added, and why is said: $says', async ({ machine, says }) => {
    const device = given(machine, [['*attach-device*--live*', refuses(says)]]);
    const added = device.add(await device.facts(), mkdtempSync(join(dir, 'own-')));
    const message = expect.stringContaining(says.slice(-20));
    await expect(added).rejects.toMatchObject({ code: 'FAILED', message });
    expect(await has(device)).toEqual(['none', 'none']);
  });

  it.each([
    "<vsock model='virtio'><cid auto='yes'/><alias name='vsock0'/></vsock>",
    "<qemu:arg value='vhost-vsock-pci,guest-cid=9'/>",
  ])('of somebody else is left: %s', async (theirs) => {
    const device = given({});
    for (const name of ['live', 'config']) writeFileSync(join(state, name), theirs);
    expect(await has(device)).toEqual(['foreign', 'foreign']);
    await device.remove(await device.facts());
    expect(calls()).not.toContain('detach');
  });

  it('is known to be lost with a saved memory', async () => {
    const facts = await given({ saved: 'yes', state: 'shut off' }).facts();
    expect(facts).toMatchObject({ isSaved: true, isActive: false });
  });

  const noAgent = refuses('error: Guest agent is not responding: QEMU guest agent is not connected');
  it.each([
    { name: 'is over when the agent is back', first: [], asked: ['guest-ping'] },
    { name: 'waits for no agent where none was', first: [['*guest-ping*', noAgent]] as const, asked: [] },
  ])('comes with a restart, which $name', async ({ first, asked }) => {
    const device = given({}, first);
    await device.restart();
    const words = [...calls().matchAll(/^(?:\{"execute":")?(shutdown|start|guest-ping)/gm)];
    expect(words.map(([, word]) => word)).toEqual(['guest-ping', 'shutdown', 'start', ...asked]);
  });

  it.each([
    [undefined, 'qemu:///system'],
    ['user' as const, 'qemu:///session'],
  ])('of a machine of %s is asked for at %s, by its UUID', async (authority, uri) => {
    await given({}, [], authority).facts();
    const words = ['--quiet', '--connect', uri, 'dominfo', '--domain', uuid];
    expect(calls().split('\n').slice(0, 6)).toEqual(words);
  });

  it.each([undefined, '', '--help', 'mint'])('needs a UUID: %j', (uuid) =>
    expect(vsockDevice({ uuid }, deps)).toBeUndefined(),
  );
});
