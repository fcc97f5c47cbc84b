import { printable, quote, quoteNames } from '../base/errors.js';
import { countBy, definedFields, fewOf, groupBy, withoutRepeats } from '../base/group-by.js';
import { loginOf } from '../book/logins.js';
import {
  aliasOf,
  isAddress,
  kindOfName,
  lookedUpNames,
  mayBeGiven,
  moreNames,
  type NameCheck,
} from '../book/names.js';
import { idHere } from '../book/same.js';
import type { HostEntry, HostMachine, MachineRecord } from '../book/state.js';
import { type GuestKeys, trustIn } from '../keys/guest-keys.js';
import type { Kind } from '../kinds/kind.js';
import { kinds } from '../kinds/kinds.js';
import type { ListedMachine } from '../sources/merge.js';
import { mayHaveName } from '../sources/outside/file.js';
import { isOfOthers, nameInPart } from '../sources/search.js';
import { mayBeUp, type Warning } from '../sources/source.js';
import type { KeptEnv } from '../sources/trusted-env.js';
import { hostOptions } from '../ssh/config/host-options.js';
import { isOfProcess, isTargetWord, slug } from '../typed/names.js';
import { isOthersId } from '../typed/numbers.js';
import { type ConcreteHost, type StartedHosts, startOf } from './text.js';

/** What is kept for a machine: its Host from before, and the login that setup made for it, which another record may have. */
type KeptRecord = Partial<Pick<MachineRecord, 'host' | 'login' | 'more'>>;

interface HostsOptions extends HostSurroundings {
  readonly prefix: string;
  /** Machines that were not asked for now, and keep their Hosts: what people type must not reach another machine meanwhile. */
  readonly kept?: readonly HostEntry[];
  /** What was kept of a machine: one that has its name keeps it, whoever else is called so now. */
  readonly recordOf?: (machine: ListedMachine) => KeptRecord | undefined;
  /** Hosts of machines that a listing lacks, and that somebody uses: their names mean no other host meanwhile. */
  readonly gone?: readonly HostEntry[];
  /** The sources that did not answer in time: a name is not given anew meanwhile, since they may have it too. */
  readonly silent?: Silent;
  /** The Hosts that start their machine: a container that is off has one of these only. */
  readonly start?: StartedHosts | undefined;
  /** Whether a name may have a dot without a prefix: where it cannot mean a host on a network. */
  readonly dots?: boolean;
  /** The day, as 2026-01-31. */
  readonly today?: string;
  /** What of the shell's environment a source was asked with. */
  readonly environment?: (provider: string) => HostEntry['environment'];
}

type Silent = readonly Pick<Warning, 'provider' | 'machine'>[];

export interface ConcreteHosts {
  /** All machines with a Host, also those that are kept. */
  readonly entries: readonly HostEntry[];
  readonly hosts: readonly ConcreteHost[];
  readonly left: readonly { readonly name: string; readonly target?: string; readonly why: string }[];
  readonly shared: readonly SharedUuid[];
}

/** Why machines have none, a line for each reason; of many that differ only in a Host's name, one. */
export function leftLines(left: ConcreteHosts['left']): readonly string[] {
  const reasons = [...groupBy(left, ({ why }) => why)];
  const kind = ([why]: readonly [string, unknown]) => why.replace(/ Host \S+/g, ' Host');
  return withoutRepeats(reasons, kind).map(({ item: [why, machines], more }) => {
    const names = machines.map(({ name }) => name);
    const others = more === 0 ? '' : `; and ${more} more names`;
    return `${quoteNames(names, ', ')}: ${printable(why)}${others}`;
  });
}

/** A Host for each machine, by its slug, and for one of a hypervisor NAME.HOST; by its target, if that could mean another host. */
export function concreteHosts(machines: readonly ListedMachine[], options: HostsOptions): ConcreteHosts {
  const { entries: now, left } = assignHosts(machines, options);
  const names = new Set(now.map(({ host }) => host.toLowerCase()));
  const isFree = ({ host, uuid }: HostEntry) =>
    !names.has(host.toLowerCase()) && !isOthersId(host, uuid) && options.taken(host) === undefined;
  const kept = (options.kept ?? []).filter(isFree);
  for (const { host } of kept) names.add(host.toLowerCase());
  // No host of a network has a target's form: it is that of the machine which has it now.
  const gone = (options.gone ?? []).filter((entry) => isFree(entry) && !entry.host.includes('/'));
  // A login goes with its machine, which has another name now.
  const logins = new Set(now.flatMap(({ login }) => login ?? []));
  const own = (entry: HostEntry) =>
    entry.login && logins.has(entry.login) ? { ...entry, login: undefined } : entry;
  const entries = [...now, ...kept.map(own), ...stillGone(gone.map(own), options.today)];
  return { entries, left, ...entryHosts(entries, options.prefix, options) };
}

/** How many names of machines that are gone stay their own. */
export const maxGone = 1000;

/** The entries with the day since which nothing lists them; of very many, those that went last. */
function stillGone(all: readonly HostEntry[], today = ''): readonly HostEntry[] {
  const dated = all.map((entry) => ({ ...entry, gone: entry.gone ?? today }));
  return dated.toSorted((a, b) => b.gone.localeCompare(a.gone)).slice(0, maxGone);
}

interface Wanted {
  readonly machine: ListedMachine;
  readonly host: string;
  readonly isHolder: boolean;
  readonly record: KeptRecord | undefined;
}

function wantedHosts(machines: readonly ListedMachine[], options: HostsOptions): readonly Wanted[] {
  const { prefix, recordOf = () => undefined, silent = [] } = options;
  const shortOf = ({ name, via }: ListedMachine) => `${slug(name)} ${via ?? ''}`.toLowerCase();
  const ofProvider = (machine: ListedMachine) => `${machine.provider} ${shortOf(machine)}`;
  const slugs = countBy(machines, shortOf);
  const all = countBy(machines, ofProvider);
  const running = countBy(machines.filter(mayBeUp), ofProvider);
  const targets = countBy(machines, ({ target }) => target);
  return machines.map((machine) => {
    const { name, provider, target, part, via } = machine;
    const hostOf = (short: string) => `${prefix}${short}${via === undefined ? '' : `.${via}`}`;
    const [plain, byProvider] = [hostOf(slug(name)), hostOf(`${slug(name)}-${provider}`)];
    const byPart = part ? hostOf(nameInPart(machine)) : byProvider;
    const longer = all.get(ofProvider(machine)) === 1 ? byProvider : byPart;
    // One that was gone too: nobody has taken its name meanwhile, or it would have no entry.
    const record = recordOf(machine);
    const had = record?.host;
    const isHolder =
      had !== undefined && [plain, byProvider, byPart].includes(had) && targets.get(target) === 1;
    if (had !== undefined && (isHolder || (via === undefined && silent.length > 0)))
      return { machine, host: had, isHolder, record };
    // Of several of one name and manager, the one that runs.
    const isOfOne = all.get(ofProvider(machine)) === slugs.get(shortOf(machine));
    const runs = isOfOne && mayBeUp(machine) && running.get(ofProvider(machine)) === 1;
    const isOnly = runs || slugs.get(shortOf(machine)) === 1;
    return { machine, host: isOnly ? plain : longer, isHolder, record };
  });
}

function assignHosts(machines: readonly ListedMachine[], options: HostsOptions) {
  const { taken, kept = [], start, silent = [] } = options;
  // Skip made-up names, whose number changes with every start, and what others call their machines.
  const known = machines.filter((machine) => !isMadeUp(machine) && !isOfOthers(machine));
  const targets = countBy(known, ({ target }) => target);
  const holders = new Map(kept.map((entry) => [entry.host.toLowerCase(), entry]));
  const wanted = wantedHosts(known, options);
  const isOnly = onlyOnes(wanted);
  const anyHome = { ...options, knownHosts: '~/x' };
  const entries: HostEntry[] = [];
  const left: ConcreteHosts['left'][number][] = machines
    .filter((machine) => isOfOthers(machine) && machine.name !== machine.target)
    .map(({ name }) => ({ name, why: "it is another user's: type its target, as vmssh list prints it" }));
  for (const each of wanted) {
    const { machine, host, record } = each;
    const { name, target } = machine;
    // Containers that are off are left over by the hundred, so those get no new Host.
    const isStopped = machine.container !== undefined && machine.status === 'off';
    if (isStopped && record?.host === undefined && !startOf(start, { host, target })) continue;
    const holder = holders.get(host.toLowerCase());
    const isKnown = record?.host !== undefined || holder !== undefined;
    const why =
      (isKnown ? undefined : silenceProblem(machine, silent)) ??
      problem(each, isOnly(each), anyHome) ??
      contestProblem(machine, host, holder);
    const another = why ?? otherMeaning(machine, host, options);
    const hasTarget = why === undefined && targets.get(target) === 1 && kindOfName(target) !== undefined;
    const byTarget = hasTarget && taken(target) === undefined ? target : undefined;
    const named = another === undefined ? host : byTarget;
    const environment = machine.via === undefined ? options.environment?.(machine.provider) : undefined;
    if (named !== undefined) entries.push(toEntry(each, named, environment));
    // Of a name with a dot, or an address, nobody expects that it means the machine.
    if (another !== undefined && (named === undefined || ![undefined, isAddress].includes(taken(host))))
      left.push({ name, target, why: another });
  }
  return { entries, left };
}

/** Whether no other machine would have the Host of one. What another hypervisor says takes no name from a machine of this host. */
function onlyOnes(wanted: readonly Wanted[]): (one: Wanted) => boolean {
  const here = wanted.filter(({ machine }) => machine.via === undefined);
  const [spelled, spelledHere] = [wanted, here].map((all) => countBy(all, ({ host }) => host));
  return ({ machine: { via }, host, isHolder }) =>
    (isHolder && (via === undefined || !spelledHere?.has(host))) ||
    (via === undefined ? spelledHere : spelled)?.get(host) === 1;
}

/** Whether a source that did not answer in time, or a machine of it whose name is known, may have the name of a machine here. */
function silenceProblem({ name, via }: ListedMachine, sources: Silent): string | undefined {
  if (via !== undefined) return undefined;
  const own = slug(name).toLowerCase();
  const silent = sources.filter(
    ({ provider, machine = name }) => slug(machine).toLowerCase() === own && mayHaveName(provider, name),
  );
  const providers = [...new Set(silent.map(({ provider }) => provider))];
  if (providers.length === 0) return undefined;
  return `${providers.join(', ')} did not answer in time, and may have the name too`;
}

// Another hypervisor's answer has no pids.
function isMadeUp({ name, provider, pid, via }: ListedMachine): boolean {
  const [, number] = /-(\d+)$/.exec(name) ?? [];
  return name === `${provider}-${via === undefined ? pid : number}`;
}

/** The sources that a kind looks up by name at each connect: a path of theirs may be another machine's later. */
const hasNames: ReadonlySet<string> = new Set(
  (kinds as readonly Kind[])
    .filter(({ keyHasOwner }) => keyHasOwner)
    .flatMap(({ sources }) => sources.map(({ name }) => name)),
);

/** More is no name that anybody types. */
const maxName = 1000;

function problem({ machine, host, record }: Wanted, isOnly: boolean, surroundings: HostSurroundings) {
  const { name, target, provider, via = '', uuid } = machine;
  if (isOfProcess(target) || (via === '' && target.startsWith('vsock-mux/') && hasNames.has(provider)))
    return `another machine of ${provider} has its name, or the name cannot be typed: type its target, as vmssh list prints it`;
  if (name.length > maxName) return `its name is longer than ${maxName} characters`;
  if (isOthersId(host, uuid))
    return 'its name has the form of an id, which stays that of the machine with the id';
  if (slug(name) === '') return 'its name has no character that is valid in a host name';
  if (via !== '' && /[/%]/.test(name)) return 'its name has "/" or "%", which separate the parts of a target';
  if (!isOnly) return `another machine would be Host ${host} too: give one of them another name`;
  try {
    const login = record?.login;
    const options = machineOptions(login ? { ...machine, login } : machine, surroundings);
    const isPlain = isTargetWord(target) && options.user === undefined && options.identityFile === undefined;
    if (!isPlain) hostOptions({ ...options, program: ['vmssh'], fdpass: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function otherMeaning(
  { name, via = '' }: ListedMachine,
  host: string,
  { prefix, dots = prefix !== '', taken }: HostsOptions,
): string | undefined {
  const hasDot = slug(name).includes('.');
  if (dots ? hasDot && via !== '' : hasDot || via.includes('.'))
    return 'with a dot it could be another host: use --prefix';
  const users = taken(host);
  if (users === undefined) return undefined;
  return `${users}: use --prefix${mayBeGiven(users) ? ', or give it the name: vmssh setup --take-name NAME' : ''}`;
}

// A machine may have moved to another source, or away from a hypervisor: its name in known_hosts stays.
function contestProblem(machine: ListedMachine, host: string, holder?: HostEntry): string | undefined {
  if (holder === undefined || ownerName(holder) === ownerName(machine)) return undefined;
  if (aliasOf(holder) === aliasOf(machine) || (holder.via !== undefined && machine.via === undefined))
    return undefined;
  return `Host ${host} is that of a machine of ${ownerName(holder)}, which cannot be asked now: use --prefix`;
}

/** The machine's record from now on. */
function toEntry({ machine, record }: Wanted, host: string, environment: KeptEnv | undefined): HostEntry {
  const { name, target, provider, via, uuid, user, identityFile, authority } = machine;
  const also = machine.also.length > 0 && via === undefined ? machine.also : undefined;
  const { login, more } = record ?? {};
  const fields = { via, also, uuid, user, identityFile, authority, environment, login, more };
  return { host, name, target, provider, ...definedFields(fields) };
}

export interface HostSurroundings {
  readonly taken: NameCheck;
  readonly knownHosts: string;
  readonly guests?: readonly GuestKeys[];
  /** The private keys that this user's ssh can use; undefined: each. */
  readonly keys?: ReadonlySet<string>;
}

function entryHosts(entries: readonly HostEntry[], prefix: string, surroundings: HostSurroundings) {
  const { taken, guests = [] } = surroundings;
  const names = moreNames(entries, taken);
  const keysOf = new Map(guests.map((keys) => [keys.name, keys]));
  const lookedUp = lookedUpNames(entries, prefix);
  const hosts = entries.map((machine): ConcreteHost => {
    const { host, via, name } = machine;
    const more = names.get(machine) ?? [];
    return {
      host,
      ...(more.length === 0 ? {} : { names: more }),
      about: printable(`${name} of ${ownerName(machine)}`),
      options: {
        ...machineOptions(machine, surroundings, via === undefined ? keysOf.get(name) : undefined),
        lookedUp: lookedUp(machine),
        bring: loginOf(machine).brings,
      },
    };
  });
  return { hosts, shared: sharedUuids(entries) };
}

/** The settings of a machine's Host. Throws a ConnectError if its target cannot be parsed. */
function machineOptions(
  machine: MachineRecord,
  { knownHosts, keys }: HostSurroundings,
  made?: GuestKeys,
): ConcreteHost['options'] {
  const { target, environment } = machine;
  const { user, identityFile: key = '' } = loginOf(machine);
  const identityFile = key === '' || (keys && !keys.has(key)) ? undefined : key;
  return {
    ...{ target, user, identityFile, environment, knownHosts, hostKeyAlias: aliasOf(machine) },
    ...(made ? trustIn(made) : {}),
  };
}

/** Who lists a machine: its source, or "via/hv1" for each of that hypervisor. */
export function ownerName({ provider, via }: HostMachine): string {
  return via === undefined ? provider : `via/${via}`;
}

/** Machines of this host that say that they have one UUID: the key of the first that is logged in to is the only one for all. */
export interface SharedUuid {
  readonly uuid: string;
  readonly machines: readonly HostMachine[];
}

// What another hypervisor says of a UUID is not compared: its machines are known by other names. Those of other users have no Host.
function sharedUuids(machines: readonly HostEntry[]): readonly SharedUuid[] {
  const now = machines.filter(({ gone }) => gone === undefined);
  return [...groupBy(now, idHere)].flatMap(([id, all]) =>
    id === undefined || all.length === 1 ? [] : [{ uuid: id, machines: all }],
  );
}

export function sharedUuidProblem({ uuid, machines }: SharedUuid): string {
  const names = machines.map(({ name }) => quote(name));
  return `${fewOf(names, 4)} have one UUID, ${uuid}: ssh accepts the host key of only one of them; give a copy a UUID of its own`;
}
