import { ConnectError, quote } from '../base/errors.js';
import { inKnownHosts, mayBeGiven } from '../book/names.js';
import { isAt, ofHost, writtenHosts } from '../book/same.js';
import type { HostEntry } from '../book/state.js';
import { usersNames } from '../book/taken-names.js';
import { asTarget, kinds, parseTarget, providersOf, type Target, type TypedTarget } from '../kinds/kinds.js';
import { searchMs } from '../sources/find.js';
import { loadHere } from '../sources/here.js';
import { isWsl } from '../sources/hyper-v/wsl-windows.js';
import { type AllMachines, listAll } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';
import { machineOrThrow, refuseIfSilent, searchWordsOf } from '../sources/no-machine.js';
import { mayHaveName } from '../sources/outside/file.js';
import { isOfOthers, match, searchIn, searchSource } from '../sources/search.js';
import { type Deps, isFailure, type Source } from '../sources/source.js';
import { sources } from '../sources/sources.js';
import { foundOtherwise, ownEnv } from '../sources/trusted-env.js';
import { foldOf } from '../typed/names.js';
import { isBareId, parseUuid } from '../typed/numbers.js';
import { offered } from '../typed/shell.js';
import { nameOf } from '../typed/target.js';

export interface ListedTarget extends TypedTarget {
  readonly machine?: ListedMachine;
}

export interface ShortNameDeps extends Deps {
  readonly platform: NodeJS.Platform;
  /** Gets all machines, if all were looked for. */
  readonly seen?: ((all: AllMachines) => void) | undefined;
  /** Which names are the user's already. */
  readonly names?: typeof usersNames | undefined;
}

/** For each source, in milliseconds: longer than for a list, as without an answer the name could mean another machine. */
const limitMs = 5000;

export type ListMachines = (deps: Deps, sources: readonly Source[]) => Promise<AllMachines>;

/**
 * The typed target, or the machine that has the name as its Host, or the one machine on this host with that name, slug, UUID or
 * machine id, unless the name is another host's for the user. For an address no source is asked. Throws a ConnectError of op
 * parse or resolve.
 */
export async function resolveShortName(
  typed: string,
  deps: ShortNameDeps,
  list: ListMachines = (...args) => listAll(...args, limitMs),
  load: (names?: readonly string[]) => Promise<readonly Source[]> = (names) => loadHere(deps, names),
): Promise<ListedTarget> {
  const target = understood(typed);
  // A bare id is a Hyper-V machine's on Windows, and in WSL2, which also has machines of its own.
  const isIdOfAny = isBareId(typed) && deps.platform !== 'win32' && !isWsl(deps);
  if (target === undefined || isIdOfAny) {
    const loaded = await load();
    const asked = loaded
      .filter(({ name }) => mayHaveName(name, typed))
      .map((source) => onlyFor(typed, source));
    const whole = asked.filter((source) => loaded.includes(source) || source.listsWanted === 'warnings');
    const all = await list(deps, asked);
    if (whole.length === loaded.length) deps.seen?.(all);
    const held = isBareId(typed) ? undefined : ofHost(typed, await writtenHosts(deps));
    const own = all.machines.filter((machine) => !isOfOthers(machine));
    const meant = meantBy(typed, own, held);
    const isThere = !held || isName(held.target) || meant.some(isHeldBy(held));
    if (isThere || (meant.length > 0 && isAnswered(held, whole, all, deps)))
      return byName(typed, meant, own, all, deps);
    return resolveShortName(held.target, deps, list, load);
  }
  const isId = 'vmId' in target && target.kind === 'hyper-v';
  // The sources that know the identity of its machine.
  const names = isId ? sources.map(({ name }) => name) : providersOf(target);
  if (names.length === 0) return { text: typed, target };
  const asked = await load(names);
  const [source] = asked;
  if (source && target.kind === 'outside')
    return { text: typed, target, machine: await ofOutside(source, nameOf(target), typed, deps) };
  const { machines } = await list(deps, asked);
  const machine = theOne(target, typed, machines);
  if (machine && target.kind === 'hyper-v') return asTyped(machine);
  return { text: typed, target, machine };
}

/** Undefined if the text has no known kind; throws for a mistake within a kind. */
function understood(typed: string): Target | undefined {
  try {
    return parseTarget(typed);
  } catch (error) {
    if (error instanceof ConnectError && isName(typed)) return undefined;
    throw error;
  }
}

// A text that looks like a target is one with a mistake.
function isName(typed: string): boolean {
  const isTarget = kinds.some(({ name }) => typed.toLowerCase().startsWith(`${name}%`));
  return typed !== '' && !/[/:\p{Cc}]/u.test(typed) && !isTarget;
}

/** The machines that a name may mean: the one that has it as its Host, else those of this user that are called so. */
function meantBy(typed: string, own: readonly ListedMachine[], held?: HostEntry) {
  const holders = held ? own.filter(isHeldBy(held)) : [];
  if (holders.length > 0) return holders;
  // No machine gets what is meant for another one by being called as its id.
  const id = isBareId(typed) ? parseUuid(typed) : undefined;
  const matches = match(typed, own).filter(({ uuid = '' }) => id === undefined || parseUuid(uuid) === id);
  // A name means neither of two machines whose names fold into it: whoever gives the second one would get the key of the first.
  const isFolded = ({ name }: ListedMachine) => foldOf(name) === foldOf(typed);
  return matches.some(isFolded) ? own.filter(isFolded) : matches;
}

/** Whether a machine has a Host: by the target of any of its sources. */
function isHeldBy({ target, also = [] }: HostEntry) {
  const isOne = [target, ...also].map(isAt);
  return (machine: ListedMachine) => isOne.some((each) => each(machine));
}

/** Whether the source of a machine that is not listed has answered, or was taken out: it has the machine no more. */
function isAnswered(held: HostEntry, whole: readonly Source[], { warnings }: AllMachines, { env }: Deps) {
  const { name, provider, via, target } = held;
  const isAsked = whole.some((source) => source.name === provider) || asTarget(target) === undefined;
  const ofIt = warnings.filter((warning) => warning.provider === provider);
  if (via !== undefined || !isAsked || ofIt.some((warning) => isFailure(warning) || warning.machine === name))
    return false;
  return foundOtherwise(env, [held]).size === 0;
}

async function byName(
  typed: string,
  meant: readonly ListedMachine[],
  own: readonly ListedMachine[],
  { machines, warnings }: AllMachines,
  { env, platform, names = usersNames }: ShortNameDeps,
): Promise<ListedTarget> {
  const failures = warnings.map((warning) => ({
    ...warning,
    problem: `${warning.provider}: ${warning.problem}`,
  }));
  const [others] = meant.length === 0 ? match(typed, machines.filter(isOfOthers)) : [];
  if (others)
    throw new ConnectError('resolve', typed, {
      code: 'NOT_FOUND',
      problem: `${quote(typed)} is another user's machine`,
      hint: `type ${offered(others.target)}`,
    });
  const search = searchIn(meant, own, ({ target }) => target, failures);
  const isUnknown = search.outcome === 'unknown';
  const shipped = isUnknown ? await import('../sources/outside/shipped.js') : undefined;
  const more = shipped?.sourcesToAdd({ env, platform }) ?? [];
  const machine = machineOrThrow(search, typed, typed, {
    title: 'this host',
    missing: asTarget(typed) ? 'no machine on this host has this id' : `no machine is called ${typed}`,
    empty: 'no machine was found on this host',
    hints: { unknown: [...more, 'see vmssh list', addressForm].join('; ') },
  });
  refuseIfSilent(machine, typed, typed, failures);
  const why = (await names({ env, platform }))(typed);
  if (why !== undefined)
    throw new ConnectError('resolve', typed, {
      code: 'AMBIGUOUS',
      final: true,
      problem: `${quote(typed)} may be ${quote(machine.target)}, but ${why}`,
      hint: `type ${offered(machine.target)}${orTake(typed, why)}`,
    });
  return asTyped(machine);
}

const addressForm = 'an address has its kind in front: vsock/3, unix/run/x.sock';

/** How a name becomes the machine's that is in known_hosts, maybe from the machine's own time on a network, or in a Host of the user's. */
function orTake(typed: string, why: string): string {
  if (!mayBeGiven(why)) return '';
  const name = offered(typed);
  const removed = why === inKnownHosts ? `, or, if that is its own old key, ssh-keygen -R ${name}` : '';
  return `${removed}; to give it the name: vmssh setup --take-name ${name}`;
}

function asTyped(machine: ListedMachine): ListedTarget {
  return { text: machine.target, target: parseTarget(machine.target), machine };
}

/** Has a source list only what a name may mean, if it can. It cannot look up an id: vmssh made that. */
function onlyFor(wanted: string, source: Source): Source {
  if (!source.listsWanted || parseUuid(wanted) !== undefined) return source;
  return { ...source, list: (deps) => source.list({ ...deps, wanted }) };
}

/** A machine of a source of the user's own. Throws a ConnectError if that does not answer: a login would go on without the user and the key. */
async function ofOutside(source: Source, name: string, typed: string, deps: Deps) {
  const env = ownEnv(deps.env);
  const search = await searchSource(source, name, { timeoutMs: searchMs, ...deps, env });
  // The proxy says why there is none, and may wait for it.
  if (search.outcome !== 'found' && search.outcome !== 'unavailable') return undefined;
  return { ...machineOrThrow(search, name, typed, searchWordsOf(source)), also: [] };
}

// The resolver reports a name that is not listed, or listed twice.
function theOne(target: Target, typed: string, machines: readonly ListedMachine[]) {
  const exact = machines.filter(isAt(typed));
  const [machine, ...others] = exact.length > 0 ? exact : match(nameOf(target), machines);
  return others.length === 0 ? machine : undefined;
}
