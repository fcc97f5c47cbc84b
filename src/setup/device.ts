import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { inAskedFolder } from '../files/asked-folder.js';
import { DiscoveryError, type ReachedMachine } from '../sources/source.js';
import { ownSource } from '../sources/sources.js';
import { ownEnv } from '../sources/trusted-env.js';
import { stateFolder } from '../ssh/folder.js';
import { checkUntil, type LookFacts, type Setup, type SetupStep } from './step.js';

export const device: SetupStep = {
  look: async (setup, { start, asUser }) =>
    asUser && !setup.options.vsock ? undefined : lookForDevice(setup, start),
  act: addDevice,
  async undo(setup, { said }, what) {
    const { add } = setup;
    const device = await deviceOf(setup);
    const facts = await device?.facts().catch(asRefusal);
    if (!device || !facts || facts instanceof DiscoveryError) return undefined;
    if (![facts.inMachine, facts.inDefinition].includes('ours')) return undefined;
    if (said.some(({ name }) => name === 'others'))
      return add('device', 'skipped', 'it stays: others use it');
    if (facts.isSaved)
      return add('device', 'failed', 'its memory is saved, and would be lost without the device');
    try {
      if (what === 'do') await device.remove(facts);
      return add('device', 'changed', 'the vsock device is removed');
    } catch (error) {
      return add('device', 'failed', asRefusal(error).message);
    }
  },
};

/** What `look` does, for a host with this device for guests. */
export async function lookForDevice(
  setup: Setup,
  start: string | undefined,
  vhost = '/dev/vhost-vsock',
  check = checkUntil,
): Promise<Partial<LookFacts> | undefined> {
  const { machine, typed, options, add } = setup;
  const { restart } = options;
  const device = await deviceOf(setup);
  const failed = (text: string, fix?: string) => add('device', 'failed', text, fix);
  const seen = await device?.facts().catch(asRefusal);
  if (seen instanceof DiscoveryError) return failed(seen.message);
  if (!machine || !device || !seen) return undefined;
  // The next start would lose ours.
  const isLost = seen.inMachine === 'ours' && seen.isPersistent && seen.inDefinition === 'none';
  if (seen.inMachine !== 'none' && !isLost) return undefined;
  const facts = isLost ? { ...seen, isActive: false } : seen;
  const isWaiting = facts.inDefinition !== 'none' && facts.isActive && !restart;
  const why = isWaiting ? waiting(typed) : await whyNoDevice(machine, vhost);
  const other = why && facts.isActive ? await otherRoute(setup, why[0], check) : undefined;
  if (other) return other;
  if (why) failed(...why);
  else if (facts.isSaved) failed('its memory is saved, and would be lost with another device', start);
  else if (facts.inDefinition === 'none') {
    const where = [facts.isActive && 'the machine', facts.isPersistent && 'its definition'].filter(Boolean);
    add('device', 'changed', `a vsock device is added to ${where.join(' and ')}`);
  } else if (!facts.isActive) return undefined;
  else add('device', 'changed', 'it is in its definition: the machine is shut down and started');
  return { missing: { device, facts } };
}

/** Whether an sshd answers by another route, which is enough unless vsock is insisted on. */
async function otherRoute(setup: Setup, why: string, check = checkUntil) {
  const answer = setup.options.vsock ? undefined : await check('banner', 'root', setup);
  if (!answer || answer.error) return undefined;
  return setup.add('device', 'skipped', `${why}: vsock is left out`) ?? { answer };
}

function waiting(typed: string): [found: string, fix: string] {
  const text = 'it is in its definition, and comes when the machine is shut down and started';
  return [text, `vmssh setup --restart ${typed}`];
}

async function addDevice(setup: Setup, { missing }: LookFacts): Promise<undefined> {
  const { typed, options, io, add } = setup;
  if (!missing) return undefined;
  const { device, facts } = missing;
  try {
    if (facts.inDefinition === 'none') {
      const state = stateFolder(io.env, io.platform);
      const isThere = await inAskedFolder(state, (folder) => device.add(facts, folder));
      const where = isThere ? 'the machine has a vsock device now' : 'its definition has a vsock device now';
      add('device', 'changed', where);
      if (isThere) return undefined;
    }
    if (!facts.isActive) return undefined;
    const wait = waiting(typed);
    if (!options.restart)
      return (await otherRoute(setup, wait[0])) ? undefined : add('way', 'failed', ...wait);
    await device.restart();
    return add('device', 'changed', 'it was shut down and started, and has the device');
  } catch (error) {
    return add('device', 'failed', asRefusal(error).message);
  }
}

function deviceOf({ machine, io: { env, platform }, signal }: Setup) {
  return machine && ownSource(machine.provider)?.device?.(machine, { env: ownEnv(env), platform, signal });
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
      `you may not use ${path}, as your machine's manager has to: join its group, and log in again`,
      'sudo usermod --append --groups kvm "$USER"',
    ];
  return [`this host has no ${path}`, 'sudo modprobe vhost_vsock'];
}
