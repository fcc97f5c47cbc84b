import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../base/runtime.js';
import { parseGuid } from '../../typed/numbers.js';
import { type Deps, DiscoveryError, type MachineIdentity } from '../source.js';
import { runTool } from '../tools/run-tool.js';
import { guestAgent } from './guest-agent.js';
import { at, parseXml, uriOf } from './libvirt.js';

/** libvirt keeps a name that begins with "ua-" (https://libvirt.org/formatdomain.html#devices): it says that the device is ours. */
const alias = 'ua-vmssh';

const device = `<vsock model='virtio'><cid auto='yes'/><alias name='${alias}'/></vsock>\n`;

/** Where a machine has a vsock device, and what its manager says of it. */
export interface VsockFacts {
  readonly isActive: boolean;
  /** The machine has a definition; one without it is gone when it is off. */
  readonly isPersistent: boolean;
  /** The memory is kept on disc: the next start takes that and not the changed definition. */
  readonly isSaved: boolean;
  readonly inMachine: 'none' | 'ours' | 'foreign';
  readonly inDefinition: 'none' | 'ours' | 'foreign';
}

/** The vsock device that a manager adds to a machine. All reject with a DiscoveryError, FAILED with the message of the manager's program. */
export interface VsockDevice {
  facts(): Promise<VsockFacts>;
  /** Adds it by a file in a private folder. Resolves to whether the running machine has it too. */
  add(facts: VsockFacts, folder: string): Promise<boolean>;
  remove(facts: VsockFacts): Promise<void>;
  /** Shuts the machine down, starts it, and waits for its guest agent if it had one. */
  restart(): Promise<void>;
}

/** The vsock device of a domain, by virsh. Undefined without a UUID. */
export function vsockDevice({ uuid = '', authority }: MachineIdentity, deps: Deps): VsockDevice | undefined {
  const domain = parseGuid(uuid);
  if (domain === undefined) return undefined;
  const uri = uriOf({ scope: authority === 'user' ? 'user' : 'system' });
  const limited = { ...deps, timeoutMs: maxCommandMs };
  const virsh: Virsh = (command, ...args) =>
    runTool('virsh', ['--quiet', '--connect', uri, command, '--domain', domain, ...args], limited);
  return {
    facts: () => factsOf(virsh),
    add: (facts, folder) => add(virsh, facts, folder),
    remove: (facts) => remove(virsh, facts),
    restart: () => restart(virsh, guestAgent({ uuid, authority }, deps), deps),
  };
}

type Virsh = (command: string, ...args: readonly string[]) => Promise<string>;

async function factsOf(virsh: Virsh): Promise<VsockFacts> {
  const info = await virsh('dominfo');
  const says = (name: string) => new RegExp(`^${name}:\\s+yes$`, 'm').test(info);
  const isPersistent = says('Persistent');
  return {
    isActive: await isActive(virsh),
    isPersistent,
    isSaved: says('Managed save'),
    inMachine: await deviceIn(virsh),
    inDefinition: isPersistent ? await deviceIn(virsh, '--inactive') : 'none',
  };
}

async function isActive(virsh: Virsh): Promise<boolean> {
  return !/^(?:shut off|crashed)?$/.test((await virsh('domstate')).trim());
}

async function deviceIn(virsh: Virsh, ...which: readonly string[]): Promise<VsockFacts['inMachine']> {
  const xml = await virsh('dumpxml', ...which);
  const vsock = at(parseXml(xml)[0], 'devices', 'vsock');
  // By <qemu:commandline>.
  if (vsock === undefined) return xml.includes('vhost-vsock') ? 'foreign' : 'none';
  return at(vsock, 'alias')?.attributes.name === alias ? 'ours' : 'foreign';
}

async function add(virsh: Virsh, { isActive, isPersistent }: VsockFacts, folder: string): Promise<boolean> {
  const file = join(folder, 'vsock.xml');
  await writeFile(file, device, { mode: 0o600, flag: 'wx' });
  const attach = (...where: readonly string[]) => virsh('attach-device', '--file', file, ...where);
  const lasting = isPersistent ? ['--config'] : [];
  try {
    await attach(...(isActive ? ['--live'] : []), ...lasting);
    return isActive;
  } catch (error) {
    const isFull = error instanceof DiscoveryError && fullWords.test(error.message);
    if (!isActive || !isPersistent || !isFull) throw error;
    await attach('--config');
    return false;
  }
}

async function remove(virsh: Virsh, { isActive, inMachine, inDefinition }: VsockFacts): Promise<void> {
  const detach = (where: string) => virsh('detach-device-alias', '--alias', alias, where);
  if (inDefinition === 'ours') await detach('--config');
  if (!isActive || inMachine !== 'ours') return;
  await detach('--live');
  // The guest has to give it up.
  const isOurs = async () => (await deviceIn(virsh)) === 'ours';
  const kept = 'the guest does not give the device up; it goes with its next start';
  await whileSo(isOurs, maxDetachMs, kept, {});
}

async function restart(virsh: Virsh, ask: ReturnType<typeof guestAgent>, deps: Deps): Promise<void> {
  const isAway = async () => (await ask?.('guest-ping').catch(() => away)) === away;
  const hadNone = await isAway();
  await virsh('shutdown');
  await whileSo(() => isActive(virsh), maxShutdownMs, 'it does not shut down', deps);
  await virsh('start');
  if (!hadNone) await whileSo(isAway, maxBootMs, 'its guest agent did not come back after the start', deps);
}

const away = Symbol('away');

/** Rejects with a DiscoveryError TIMEOUT and this problem if it is so for longer, or with the signal's reason. */
async function whileSo(
  isSo: () => Promise<boolean>,
  maxMs: number,
  problem: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const until = now() + maxMs; await isSo(); await delay(300, undefined, { signal }))
    if (now() > until) throw new DiscoveryError('TIMEOUT', problem);
}

const maxCommandMs = 60_000;
const maxDetachMs = 10_000;
const maxShutdownMs = 120_000;
const maxBootMs = 180_000;

/** No place for it in the running machine: in the words of libvirt 5 to 11 and of QEMU. */
const fullWords =
  /No more available PCI|No PCI buses available|no free (?:PCI )?slot|does not support hot-?plug/i;
