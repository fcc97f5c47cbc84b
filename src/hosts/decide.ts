import { printable, quoteNames } from '../base/errors.js';
import { fewOf, maxShown, withoutRepeats } from '../base/group-by.js';
import { loginsFor } from '../book/logins.js';
import { identified, type NameCheck, typedTargets } from '../book/names.js';
import { keptFor } from '../book/same.js';
import {
  type HostEntry,
  type HostState,
  hasHost,
  type MachineLogin,
  type MachineRecord,
  nameless,
} from '../book/state.js';
import { UsageError } from '../cli/command.js';
import { allGuestKeys } from '../keys/guest-keys.js';
import { keysKnown, namesKept } from '../keys/inbox.js';
import { asTarget } from '../kinds/kinds.js';
import type { FindMachines, MachinesFound } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { everySshAbilities } from '../process/ssh-program.js';
import { containerAround, isUnasked } from '../sources/here.js';
import { shownWarnings } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';
import { isOutsideName } from '../sources/outside/file.js';
import { isFailure, isSilence, type Warning } from '../sources/source.js';
import { envOfSource, foundOtherwise, ownEnv } from '../sources/trusted-env.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { givesAway } from '../ssh/config/host-options.js';
import { hostNames } from '../ssh/config/settings.js';
import { usersTexts } from '../ssh/config/users-files.js';
import { knownHostsFile } from '../ssh/folder.js';
import { matchesPattern } from '../typed/names.js';
import { shellQuoted } from '../typed/shell.js';
import { type ConcreteHosts, concreteHosts, leftLines, ownerName, sharedUuidProblem } from './hosts.js';
import { type ConfigOptions, type Settings, settings } from './options.js';
import { formatSettings, unknownFields } from './setting.js';
import { type ConcreteHost, startOf, userKnownHosts } from './text.js';

export interface Decision {
  readonly settings: Settings;
  readonly state: HostState;
  readonly hosts: readonly ConcreteHost[];
  /** The names and patterns whose keys are new at each boot. */
  readonly throwaway: readonly string[];
  readonly notes: readonly string[];
  /** The machines that have none, and why. */
  readonly left: ConcreteHosts['left'];
  /** The hypervisors that were asked, if none of them has answered. */
  readonly silent: readonly string[];
  readonly shared: ConcreteHosts['shared'];
}

/** What Hosts there will be: for the machines that are found, and those of `last` that could not be asked for. Throws a UsageError. */
export async function decide(
  options: ConfigOptions & Settings,
  last: HostState,
  taken: NameCheck,
  io: Io,
  find: FindMachines,
): Promise<Decision> {
  const { start } = options;
  const { onlyPatterns, prefix } = options.names;
  const via = options.via === 'none' ? undefined : options.via;
  if (onlyPatterns && via)
    throw new UsageError('--only-patterns of an earlier run is in effect', "--prefix '' writes Hosts again");
  const listing: MachinesFound = onlyPatterns ? { machines: [], warnings: [] } : await find(io, via);
  const { warnings, asked = [], env = io.env } = listing;
  const { kept, unasked, left, listed, today, failed } = whatStays(listing, options, last, io);
  const around = surroundings(options, io);
  const own = ownEnv(env);
  const recordFor = keptFor(last.machines, [...listed, ...kept]);
  const madeFor = loginsFor(last.machines, [...listed, ...kept]);
  const made = concreteHosts(listed, {
    ...{ prefix, start, taken, kept, today },
    recordOf: (machine) => ({ ...recordFor(machine), login: madeFor(machine) }),
    keys: await usableKeys([...listed, ...last.machines], options),
    gone: await inUse(left, new Set(listed.map(madeFor)), listed, { ...options, ...around }, io),
    silent: warnings.filter((warning) => isSilence(warning) && !warning.provider.startsWith('via/')),
    environment: (provider) => envOfSource(provider, own).kept,
    ...around,
  });
  const { entries, hosts } = made;
  const throwaway = await throwawayNames(options, made, io);
  const { program } = await callerForSsh(io);
  const machines = [...entries, ...withoutHost(last, entries)];
  const values = { ...formatSettings(settings, options), ...unknownFields(settings, last.options) };
  const notes = [
    ...shownWarnings(warnings).map(({ provider, problem }) => `warning: ${provider}: ${printable(problem)}`),
    ...notesOf(made, unasked, today),
    ...throwaway.notes,
    ...notKept(entries, own),
    ...unknownStarts(start, hosts),
  ];
  return {
    settings: options,
    state: { options: values, program, machines, ...(last.more ? { more: last.more } : {}) },
    hosts,
    throwaway: throwaway.names,
    left: made.left,
    shared: made.shared,
    silent: asked.every((host) => failed.has(`via/${host}`)) ? asked : [],
    notes: notes.map((line) => `${io.program}: ${line}`),
  };
}

type Stays = Pick<ConfigOptions, 'via'> & Pick<Settings, 'names'>;

/** Of the Hosts of the last run: those of machines that could not be asked for, which stay (`unasked`: failed just now), and those that a listing lacks. */
function whatStays(listing: MachinesFound, options: Stays, last: HostState, io: Io) {
  const { via, names: named } = options;
  const { failed, otherwise, isUnseen, isUnknown } = couldNotBeAsked(listing, options, last, io);
  const today = listing.day ?? new Date().toISOString().slice(0, 10);
  const hosts = last.machines.filter(hasHost);
  const kept = listing.isUnasked ? hosts : hosts.filter(isUnknown);
  const stays = new Set(kept);
  const listed = listing.machines.filter(({ via: host, provider }) => host || !otherwise.has(provider));
  const isWanted = ({ via: host }: HostEntry) =>
    !listing.isUnasked && !named.onlyPatterns && (host === undefined || via !== 'none');
  const left = hosts.filter((entry) => !stays.has(entry) && isWanted(entry));
  const unasked = kept.filter((entry) => failed.has(ownerName(entry)) || isUnseen(entry));
  return { failed, kept, unasked, left, listed, today };
}

/** Whether a machine that is not in `found` may still be there: `isUnknown`, as its source or hypervisor was not asked, or has failed. */
export function couldNotBeAsked(
  listing: MachinesFound,
  { via, names: { onlyPatterns } }: Stays,
  last: HostState,
  io: Io,
) {
  const { warnings, asked = [], env = io.env } = listing;
  const container = containerAround(env);
  // A list that was made in another environment says nothing of machines that are kept with theirs.
  const otherwise = foundOtherwise(env, listing.env ? last.machines.filter(hasHost) : []);
  // A source that could not be asked may still have the machines of its Hosts.
  const ownerOf = ({ provider }: Warning) => provider.split('/').slice(0, 2).join('/');
  const failed = new Set(warnings.filter(isFailure).map(ownerOf));
  const isUnseen = (entry: MachineRecord) => entry.via === undefined && container !== undefined;
  const isUnknown = (entry: MachineRecord) => {
    const { via: host, provider } = entry;
    // Of a source of the user's own that another environment has; without one it was taken out.
    if (asTarget(entry.target) === undefined)
      return (
        host === undefined &&
        isOutsideName(provider) &&
        (failed.has(provider) || foundOtherwise(env, [entry]).size > 0)
      );
    const isSilent = failed.has(ownerName(entry));
    if (host !== undefined) return isSilent || (via !== 'none' && !onlyPatterns && !asked.includes(host));
    if (isUnseen(entry)) return true;
    return isSilent || otherwise.has(provider) || isUnasked(provider, listing.machines, env);
  };
  return { failed, otherwise, isUnseen, isUnknown };
}

/** The records that no listed machine has, by whatever source. */
export function lackedBy<R extends MachineRecord>(
  listed: readonly ListedMachine[],
  hosts: readonly R[],
): readonly R[] {
  const targets = new Set(listed.flatMap(({ target, also }) => [target, ...also]));
  return hosts.filter(({ target, also = [] }) => ![target, ...also].some((each) => targets.has(each)));
}

/** The Hosts that a listing lacks and somebody uses: without ours, the name would be another host's on a network. */
async function inUse(
  left: readonly HostEntry[],
  ofListed: ReadonlySet<MachineLogin | undefined>,
  listed: readonly ListedMachine[],
  { system }: ConfigOptions & ReturnType<typeof surroundings>,
  { env, platform }: Io,
): Promise<readonly HostEntry[]> {
  // One that has another Host now is not gone; a container that is off may have none.
  const up = listed.filter(({ container, status }) => container === undefined || status !== 'off');
  const lacking = lackedBy(up, left).filter(({ target }) => asTarget(target) !== undefined);
  if (lacking.length === 0 || system) return [];
  const isKnown = await keysKnown(lacking.map(identified), env);
  const set = new Set((await usersTexts({ env, platform })).flatMap((text) => [...hostNames(text)]));
  return lacking.filter((entry) => {
    const { host, login } = entry;
    const isUsed = isKnown(identified(entry), host) || set.has(host.toLowerCase());
    return isUsed || (login !== undefined && !ofListed.has(login));
  });
}

/** What is kept of machines that have no Host now: the logins that setup made, until `forget` ends one that is gone. */
function withoutHost({ machines }: HostState, entries: readonly HostEntry[]): readonly MachineRecord[] {
  const logins = new Set(entries.map(({ login }) => login));
  return machines.filter((record) => record.login && !logins.has(record.login)).map(nameless);
}

/** The private keys that this user's ssh could use. In lines for all users there are none: a key is one user's. */
async function usableKeys(machines: readonly MachineRecord[], { system }: ConfigOptions) {
  const all = new Set<string>();
  for (const { identityFile, login } of machines)
    for (const file of [identityFile, login?.identityFile]) if (file !== undefined) all.add(file);
  if (system || all.size === 0) return new Set<string>();
  const { ownKeyFile } = await import('../keys/login-key.js');
  const own = await Promise.all([...all].map((each) => ownKeyFile(each)));
  return new Set(own.flatMap((each) => each ?? []));
}

/** A warning for each variable that a Host needs and must not have. */
function notKept(entries: readonly HostEntry[], own: Io['env']): readonly string[] {
  const providers = new Set(entries.flatMap(({ via, provider }) => (via === undefined ? [provider] : [])));
  return [...providers].flatMap((provider) =>
    envOfSource(provider, own).refused.map(
      ({ name, why }) =>
        `warning: ${name} is not kept, since ${why}: ssh finds machines of ${provider} only where it is set`,
    ),
  );
}

function unknownStarts(start: Settings['start'], hosts: Decision['hosts']) {
  if (start === undefined || start === 'terminal') return [];
  return start
    .filter((name) => !hosts.some((host) => startOf([name], { ...host, target: host.options.target })))
    .map((name) => `warning: --start=${printable(name)}: no machine has that Host or target`);
}

function notesOf({ left, shared, entries }: ConcreteHosts, unasked: readonly HostEntry[], today: string) {
  const had = unasked.filter((entry) => entries.includes(entry)).map(({ host }) => printable(host));
  return [
    ...leftLines(left).map((line) => `no Host for ${line}`),
    ...withoutRepeats(shared, () => 'uuid').map(({ item, more }) => {
      const others = more === 0 ? '' : `; and ${more} more UUIDs`;
      return `warning: ${sharedUuidProblem(item)}${others}`;
    }),
    ...(had.length === 0 ? [] : [`kept as they were: ${fewOf(had, maxShown)}`]),
    ...goneLine(entries, today),
  ];
}

/** Of the machines that were listed until now. */
export function goneLine(entries: readonly HostEntry[], today: string): readonly string[] {
  const gone = entries.filter((entry) => entry.gone === today).map(({ host }) => host);
  if (gone.length === 0) return [];
  return [
    printable(`off or gone, with their names kept: ${fewOf(gone, maxShown)}: vmssh forget NAME ends one`),
  ];
}

/**
 * The names in the lines for --throwaway. A pattern of targets has a slash, which no host of a network has; any other
 * means Hosts of ours. None means a machine whose key is known, however that is typed. Throws a UsageError.
 */
async function throwawayNames({ throwaway, sshOptions }: Settings, made: ConcreteHosts, io: Io) {
  if (throwaway.length === 0) return { names: [], notes: [] };
  const { meantBy, patternsFor, spelledAlike, targetsKept, targetsNamed } = await import(
    '../book/spellings.js'
  );
  const giving = sshOptions.find(({ keyword, value }) => givesAway(keyword, value));
  if (giving) throw refusalOf(giving.keyword, throwaway);
  const patterns = throwaway.filter((each) => each.includes('/'));
  const isTarget = meantBy(patterns);
  const isHost = (name: string) => throwaway.some((each) => matchesPattern(name, each));
  const kept = [...(await namesKept(io.env))];
  const asTyped = new Set(kept.map(spelledAlike));
  const isKept = await keysKnown(made.entries.map(identified), io.env);
  const all = made.entries.map((entry, at) => {
    const targets = typedTargets(entry);
    const names = [entry.host, ...(made.hosts[at]?.names ?? [])];
    const isKnown =
      isKept(identified(entry), entry.host) || targets.some((target) => asTyped.has(spelledAlike(target)));
    return { entry, targets, names, isKnown, isMeant: names.some(isHost) || targets.some(isTarget) };
  });
  const known = all.filter(({ isKnown }) => isKnown);
  // Nothing may list what else is known.
  const not = [
    ...known.flatMap(({ targets, entry: { via, uuid } }) => [
      ...targets,
      ...(via || !uuid ? [] : targetsNamed(uuid)),
    ]),
    ...kept.flatMap(targetsKept),
    ...allGuestKeys(io.env).flatMap(({ name }) => targetsNamed(name)),
  ].filter(isTarget);
  const { asksForKeys } = await everySshAbilities(io);
  const names = [
    ...patterns.flatMap((each) => [each, each.replaceAll('/', '%')]),
    ...all.flatMap((each) => (each.isMeant && !each.isKnown ? each.names : [])),
    ...patternsFor(not, !asksForKeys).map((each) => `!${each}`),
  ];
  const said = known.flatMap(({ isMeant, entry }) => (isMeant ? [entry.host] : []));
  const note = `not --throwaway, since its host key is known: ${quoteNames(said, ', ')}; vmssh forget NAME ends that`;
  return { names: [...new Set(names)], notes: said.length === 0 ? [] : [note] };
}

function refusalOf(keyword: string, throwaway: readonly string[]): UsageError {
  const patterns = throwaway.map((each) => `--throwaway ${shellQuoted(each)}`).join(' ');
  return new UsageError(
    `-o ${keyword} and ${patterns} do not go together: whoever answers there would get it`,
    `vmssh config install -o ${keyword}= ${patterns}, and set it for one machine in ~/.ssh/config`,
  );
}

export function surroundings({ system }: ConfigOptions, io: Io) {
  return {
    knownHosts: system ? userKnownHosts : knownHostsOf(io),
    guests: system ? [] : allGuestKeys(io.env),
  };
}

/** The path of our host keys for an ssh that does not ask vmssh. It expands "~" first and percents after it, also those in the home's path. */
export function knownHostsOf({ env }: Io): string {
  const path = knownHostsFile(env);
  return path.includes('%') ? path : userKnownHosts;
}
