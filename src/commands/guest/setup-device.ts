import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { askedFolder } from '../../files/asked-folder.js';
import type { Io } from '../../process/io.js';
import { type VsockDevice, type VsockFacts, vsockDevice } from '../../sources/libvirt/vsock-device.js';
import { DiscoveryError, type ReachedMachine } from '../../sources/source.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { stateFolder } from '../../ssh/folder.js';
import type { Add } from './setup-step.js';

/** A vsock device that a machine of libvirt lacks, and how its manager adds it. */
export interface MissingDevice {
  readonly device: VsockDevice;
  readonly facts: VsockFacts;
  /** What starts the machine, if it is off. */
  readonly start?: string | undefined;
}

/** Looks for the device, and says what would be done. Undefined: it has one, or no manager adds any. */
export async function planDevice(
  machine: ReachedMachine,
  { restart, typed, start }: { restart: boolean; typed: string; start?: string | undefined },
  io: Io,
  signal: AbortSignal,
  add: Add,
  vhost = '/dev/vhost-vsock',
): Promise<MissingDevice | undefined> {
  const device = deviceOf(machine, io, signal);
  const failed = (found: string, fix?: string) => add('device', 'failed', found, fix);
  const facts = await device?.facts().catch(asRefusal);
  if (facts instanceof DiscoveryError) failed(facts.message);
  if (!device || !facts || facts instanceof DiscoveryError || facts.inMachine !== 'none') return undefined;
  const missing = { device, facts, start };
  const host = await whyNoDevice(machine, vhost);
  if (host) failed(...host);
  else if (facts.isSaved) failed('its memory is saved, and would be lost with another device', start);
  else if (facts.inDefinition === 'none') {
    const where = [facts.isActive && 'the machine', facts.isPersistent && 'its definition'].filter(Boolean);
    add('device', 'changed', `a vsock device is added to ${where.join(' and ')}`);
  } else if (!facts.isActive) return undefined;
  else if (restart) add('device', 'changed', 'it is in its definition: the machine is shut down and started');
  else failed(waits, `vmssh setup --restart ${typed}`);
  return missing;
}

const waits = 'it is in its definition, and comes when the machine is shut down and started';

/** Adds it. Whether the machine has it now. */
export async function addDevice(
  { device, facts, start }: MissingDevice,
  { restart, typed }: { restart: boolean; typed: string },
  io: Io,
  add: Add,
): Promise<boolean> {
  try {
    if (facts.inDefinition === 'none') {
      const folder = await askedFolder(stateFolder(io.env, io.platform));
      const isThere = await device
        .add(facts, folder)
        .finally(() => rm(folder, { recursive: true, force: true }));
      const where = isThere ? 'the machine has a vsock device now' : 'its definition has a vsock device now';
      add('device', 'changed', where);
      if (isThere) return true;
    }
    if (!facts.isActive) add('way', 'failed', 'it is off', start);
    else if (!restart) add('way', 'failed', waits, `vmssh setup --restart ${typed}`);
    else {
      await device.restart();
      add('device', 'changed', 'it was shut down and started, and has the device');
      return true;
    }
  } catch (error) {
    add('device', 'failed', asRefusal(error).message);
  }
  return false;
}

/** Takes the device back if `setup` added it, or only says so. */
export async function undoDevice(
  machine: ReachedMachine,
  what: 'plan' | 'do',
  io: Io,
  signal: AbortSignal,
  add: Add,
): Promise<void> {
  const device = deviceOf(machine, io, signal);
  const facts = await device?.facts().catch(asRefusal);
  if (!device || !facts || facts instanceof DiscoveryError) return;
  if (![facts.inMachine, facts.inDefinition].includes('ours')) return;
  if (facts.isSaved)
    return add('device', 'failed', 'its memory is saved, and would be lost without the device');
  try {
    if (what === 'do') await device.remove(facts);
    add('device', 'changed', 'the vsock device is removed');
  } catch (error) {
    add('device', 'failed', asRefusal(error).message);
  }
}

function deviceOf(
  machine: ReachedMachine,
  { env, platform }: Io,
  signal: AbortSignal,
): VsockDevice | undefined {
  if (machine.provider !== 'libvirt') return undefined;
  return vsockDevice(machine, { env: ownEnv(env), platform, signal });
}

/** Anything else is thrown. */
function asRefusal(error: unknown): DiscoveryError {
  if (error instanceof DiscoveryError) return error;
  throw error;
}

/** Why no machine of this host, or of this user, can have one, with the fix. */
async function whyNoDevice(
  { authority }: ReachedMachine,
  path: string,
): Promise<[string, string] | undefined> {
  // QEMU of the system gets it opened by libvirtd.
  const mode = authority === 'user' ? constants.R_OK | constants.W_OK : constants.F_OK;
  const code = await access(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (code === undefined) return undefined;
  if (code === 'EACCES' || code === 'EPERM')
    return [
      `you may not use ${path}, as your libvirt has to: join its group, and log in again`,
      'sudo usermod --append --groups kvm "$USER"',
    ];
  return [`this host has no ${path}`, 'sudo modprobe vhost_vsock'];
}
