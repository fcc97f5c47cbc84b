import { quote } from '../../base/errors.js';
import { countBy } from '../../base/group-by.js';
import { isPlainHostName, nameProblem, slug } from '../../typed/names.js';
import { type Guid, parseGuid, parseUuid } from '../../typed/numbers.js';
import { routeToHyperV } from '../../typed/socket-target.js';
import { answerOf, match, searchIn } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, Reachable, ResolveContext, Search } from '../source.js';
import { DiscoveryError, nothing, type Source, statuses, type Warning, warned } from '../source.js';
import { guestsOnly } from '../tools/guest-addresses.js';
import { type JsonObject, parseJson, textOf } from '../tools/json.js';
import { type RunTool, runTool } from '../tools/run-tool.js';
import type { HyperVMachine, HyperVSources } from './hyper-v.js';
import { findWindowsVmssh, isWsl } from './wsl-windows.js';

/** What Windows is asked of one machine; a parameter, for tests. */
const effects = {
  machines: async (deps: Deps) => (await import('./hyper-v.js')).listHyperV(deps),
  addresses: async (id: Guid, deps: Deps) => (await import('./hyper-v.js')).hyperVAddresses(id, deps),
};

export type HyperVEffects = typeof effects;

/** The Hyper-V machines of this Windows. A name is looked up at every login: it may have moved to another machine since the last one. */
export function hyperVOf({ machines, addresses } = effects): Source {
  return {
    name: 'hyper-v',
    title: 'Hyper-V',
    limitMs: 8000, // if PowerShell or interop has to be asked
    hints: {
      unknown: 'see vmssh list',
      ambiguous: 'type one of these; vmssh list -o wide shows which is running',
      ip: 'the guest reports it by its integration services: hv_kvp_daemon (in a Debian guest: apt-get install hyperv-daemons)',
    },
    list: (deps) => listFrom(deps),
    find: (name, deps) => findHyperV(name, deps, machines),
    start: async (machine, env) => {
      const { startHyperV } = await import('./hyper-v.js');
      return hasId(machine) ? startHyperV(machine, env) : undefined;
    },
    async resolve(machine, context) {
      if (!hasId(machine)) return {};
      const { name, status, uuid } = machine;
      const steps = [`Hyper-V knows ${quote(name)} (${status}) as ${uuid}`];
      return { steps, routes: [routeToHyperV(uuid, context)], joined: undefined };
    },
    addressOf: ({ uuid }, deps) => reportedAddress(uuid, deps),
    ipOf: async (machine, deps) => (hasId(machine) ? (await addresses(machine.uuid, deps))[0] : undefined),
  };
}

export const hyperV = hyperVOf();

/** A machine by its id: nobody is asked, and why it does not answer is looked for afterwards. */
export async function resolveHyperVId(
  vmId: Guid,
  context: ResolveContext,
  { machines, addresses } = effects,
): Promise<Reachable> {
  const { askIp, whyOff } = await import('../not-up.js');
  const recheck = async () => {
    const all = toHyperVMachines(await machines({ timeoutMs: 10_000, ...context }).catch(() => []));
    const machine = all.find(({ uuid }) => uuid === vmId);
    return machine && whyOff(machine, await hyperV.start?.(machine, context.env), context);
  };
  const ask = async (deps: Deps) => (await addresses(vmId, deps))[0];
  return {
    steps: [],
    routes: [routeToHyperV(vmId, context)],
    askIp: (leftMs) => askIp(ask, hyperV, context, leftMs),
    recheck,
  };
}

export interface DiscoveredHyperV extends DiscoveredMachine {
  readonly uuid: Guid;
}

function hasId(machine: DiscoveredMachine): machine is DiscoveredHyperV {
  return machine.uuid !== undefined;
}

/** On Windows directly, on Linux through Windows. */
export function listFrom(deps: Deps, platform: NodeJS.Platform = process.platform): Promise<Listing> {
  return platform === 'win32' ? listHyperVMachines(deps) : listOverInterop(deps);
}

/** What the guest reported to Windows, IPv4 first; undefined without its integration services. Throws a DiscoveryError. */
export async function reportedAddress(
  uuid: string | undefined,
  deps: Deps,
  platform: NodeJS.Platform = process.platform,
  run: RunTool = runTool,
): Promise<string | undefined> {
  const id = parseGuid(uuid ?? '');
  if (id === undefined) return undefined;
  if (platform === 'win32') {
    const { hyperVAddresses } = await import('./hyper-v.js');
    return (await hyperVAddresses(id, deps, run))[0];
  }
  const program = findWindowsVmssh(deps);
  if (program === undefined) return undefined;
  const words = ['list', '--json', '-o', 'address', `--provider=${hyperV.name}`, id];
  const { machines } = parseJson(await run(program, words, deps)) as Printed;
  // Windows has left out its own addresses, but knows none of this WSL.
  const said = machines.flatMap((machine) => textOf(machine, 'address') ?? []);
  return guestsOnly((isGuests) => said.find(isGuests), deps);
}

/** Inside WSL2: asks the Windows build of vmssh. Without WSL or that build there are no machines. */
export async function listOverInterop(deps: Deps, run: RunTool = runTool): Promise<Listing> {
  const program = isWsl(deps) ? findWindowsVmssh(deps) : undefined;
  if (program === undefined) return nothing;
  return parseListing(await run(program, ['list', '--json', `--provider=${hyperV.name}`], deps));
}

function parseListing(text: string): Listing {
  try {
    const { machines, warnings } = parseJson(text) as Printed & { warnings: readonly Warning[] };
    const virtual = machines.flatMap((machine): DiscoveredMachine[] => {
      const name = textOf(machine, 'name');
      const target = textOf(machine, 'target');
      if (name === undefined || target === undefined) return [];
      const status = statuses.find((each) => each === machine.status) ?? 'unknown';
      const uuid = parseUuid(textOf(machine, 'uuid') ?? '');
      return [{ name, target, status, uuid, provider: hyperV.name }];
    });
    return { found: virtual, warnings };
  } catch (cause) {
    const problem = `vmssh.exe printed ${quote(text.slice(0, 80))}`;
    throw new DiscoveryError('PROTOCOL', problem, { cause, final: true });
  }
}

interface Printed {
  readonly machines: readonly JsonObject[];
}

/** Lists them: none without Hyper-V; without rights, a warning with its hint. */
export async function listHyperVMachines(deps: Deps, from?: HyperVSources): Promise<Listing> {
  const { listHyperV } = await import('./hyper-v.js');
  try {
    return { found: toHyperVMachines(await listHyperV(deps, from)), warnings: [] };
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    const problem = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
    return warned(hyperV.name, error.code, problem);
  }
}

/** By name or slug, ignoring case, or by id. */
export function findHyperV(
  name: string,
  deps: Deps,
  list: HyperVEffects['machines'] = effects.machines,
): Promise<Search<DiscoveredHyperV>> {
  const search = async () => {
    const machines = toHyperVMachines(await list(deps));
    const named = machines.map((machine) => ({ ...machine, name: machine.name.toLowerCase(), machine }));
    // A GUID is always an id, also of a machine that is gone.
    const id = parseGuid(name);
    const matches = id
      ? machines.filter(({ uuid }) => uuid === id)
      : match(name.toLowerCase(), named).map(({ machine }) => machine);
    return searchIn<DiscoveredHyperV>(matches, machines, ({ uuid }) => `hyper-v/${uuid}`);
  };
  const usual =
    'use the id of the machine, hyper-v/ID; see whether the service winmgmt runs: sc query winmgmt';
  return answerOf(search(), deps.signal, ({ code, hint = usual }) => ({ code, hint }));
}

/** Each with a target that ssh accepts and that is unique: its name, else its slug, else its id. */
export function toHyperVMachines(machines: readonly HyperVMachine[]): readonly DiscoveredHyperV[] {
  const namesOf = (name: string) => new Set([name, slug(name)].map((each) => each.toLowerCase()));
  const names = machines.flatMap(({ name }) => [...namesOf(name)]);
  const called = countBy(names, (each) => each);
  const isUsable = (text: string) =>
    isPlainHostName(text) && parseUuid(text) === undefined && nameProblem(text) === undefined;
  return machines.map(({ id, name, status }) => {
    const isOnly = (text: string) => isUsable(text) && called.get(text.toLowerCase()) === 1;
    const handle = [name, slug(name)].find(isOnly) ?? id;
    return { name, status, uuid: id, provider: hyperV.name, target: `hyper-v/${handle}` };
  });
}
