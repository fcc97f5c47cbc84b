import { countBy } from '../base/group-by.js';
import { foldOf, slug } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';
import type {
  ContainerFacts,
  Deps,
  DiscoveredMachine,
  Listing,
  MachineIdentity,
  Search,
  Source,
  Warning,
} from './source.js';
import { DiscoveryError } from './source.js';

export interface Named extends MachineIdentity {
  readonly name: string;
  readonly ids?: readonly string[];
  readonly provider?: string;
  readonly container?: Pick<ContainerFacts, 'id' | 'ownName'>;
  readonly part?: string | undefined;
}

/** The name of a machine beside another one of its manager that is called the same: a dot in it would be a hypervisor's. */
export function nameInPart({ name, part }: Named): string {
  return part ? `${slug(name)}-${slug(part).replaceAll('.', '-')}` : name;
}

/** The machines that `wanted` can mean, by the first test that any passes; machines of others only if no other one matches. */
export function match<T extends Named>(wanted: string, machines: readonly T[]): readonly T[] {
  const lower = wanted.toLowerCase();
  const id = parseUuid(wanted);
  const tests: ((machine: T) => boolean)[] = [
    ({ uuid }) => id !== undefined && parseUuid(uuid ?? '') === id,
    ({ name }) => name === wanted,
    // ssh lower-cases %h.
    ({ name }) => name.toLowerCase() === lower,
    ({ name, authority }) => authority !== 'other' && slug(name).toLowerCase() === lower,
    (each) => each.part !== undefined && !isOfOthers(each) && nameInPart(each).toLowerCase() === lower,
    ({ ids }) => ids?.some((id) => id.toLowerCase() === lower) === true,
    ({ container }) => container?.ownName?.toLowerCase() === lower,
    // As managers print it: 12 digits at least.
    ({ container }) => /^[0-9a-f]{12,64}$/.test(wanted) && container?.id.startsWith(wanted) === true,
  ];
  const ofOthers = machines.filter(isOfOthers);
  const own = ofOthers.length === 0 ? machines : machines.filter((machine) => !isOfOthers(machine));
  for (const from of [own, ofOthers])
    for (const test of tests) {
      const matches = from.filter(test);
      if (matches.length > 0) return matches;
    }
  return [];
}

/** Whether a machine is another user's, or in a container: it has no short name, and takes none. */
export function isOfOthers({ authority }: Named): boolean {
  return authority === 'other';
}

/** No container is called as the folder that it is for if another machine has that name: it would take the Host of a VM. */
export function withOwnNames<M extends Named>(machines: readonly M[]): readonly M[] {
  const ownName = ({ name, container }: M) => container?.ownName ?? name;
  if (machines.every((machine) => ownName(machine) === machine.name)) return machines;
  const named = machines
    .filter((machine) => !isOfOthers(machine))
    .map((machine) => [machine.name, ownName(machine)]);
  const folds = named.flatMap((names) => [...new Set(names.map(foldOf))]);
  const uses = countBy(folds, (fold) => fold);
  const isTaken = ({ name }: M) => (uses.get(foldOf(name)) ?? 0) > 1;
  return machines.map((machine) => (isTaken(machine) ? { ...machine, name: ownName(machine) } : machine));
}

/** Asks a source for a machine: by its own search, else by a match over its list. */
export async function searchSource<F extends DiscoveredMachine>(
  source: Source<F>,
  name: string,
  deps: Deps,
): Promise<Search<F>> {
  if (source.find) return source.find(name, deps);
  return answerOf(searchList(name, source.list(deps)), deps.signal);
}

/** What a search finds, or that it got no answer: a DiscoveryError of it, and what is known of that. */
export async function answerOf<M>(
  search: Promise<Search<M>>,
  signal: AbortSignal | undefined,
  known: (error: DiscoveryError) => { readonly code?: string; readonly hint?: string } = () => ({}),
): Promise<Search<M>> {
  try {
    return await search;
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof DiscoveryError)) throw cause;
    const { message: problem, final } = cause;
    const unavailable = { outcome: 'unavailable', code: 'NOT_FOUND', problem, final, warnings: [] } as const;
    return { ...unavailable, cause, ...known(cause) };
  }
}

/** The result of a match over a listing: none of a machine whose only address another one claims too. */
export async function searchList<M extends DiscoveredMachine>(
  name: string,
  listing: Promise<Listing<M>>,
): Promise<Search<M>> {
  const { found: listed, warnings } = await listing;
  const { withoutContested } = await import('./tools/claims.js');
  const { machines: found, lost } = withoutContested(listed);
  const search = searchIn(match(name, found), found, ({ target }) => target, warnings);
  if (search.outcome !== 'found' || search.machine.routes?.length !== 0) return search;
  const why = lost.get(search.machine.target);
  return why ? { outcome: 'unavailable', code: why.code, problem: why.problem, warnings } : search;
}

/** The result of a match among `all`; `typed`: what to type for one of several. */
export function searchIn<M extends Named>(
  matches: readonly M[],
  all: readonly Named[],
  typed: (machine: M) => string,
  warnings: readonly Warning[] = [],
): Search<M> {
  const [machine, ...others] = matches;
  if (machine === undefined)
    return { outcome: 'unknown', known: [...new Set(all.map(({ name }) => name))], warnings };
  if (others.length > 0) return { outcome: 'ambiguous', means: matches.map(typed), warnings };
  return { outcome: 'found', machine, warnings };
}
