import { groupBy, withoutRepeats } from '../base/group-by.js';
import type { Route } from '../typed/route.js';
import { loadForList, sourcesHere } from './here.js';
import { type ListedMachine, mergeMachines } from './merge.js';
import { addressOf, vhostCid } from './routes.js';
import { withOwnNames } from './search.js';
import type { Deps, DiscoveredMachine, Listing, Source, Warning, Warnings } from './source.js';
import { closed, DiscoveryError, problemOf, warned } from './source.js';
import { sources } from './sources.js';
import { ownEnv } from './trusted-env.js';

export const sourceLimitMs = 3000;

export interface AllMachines extends Warnings {
  readonly machines: readonly ListedMachine[];
}

/** Asks sources in parallel, each with its own time limit: one that is slow or fails gives a warning. */
export async function listAll(
  deps: Deps,
  sources: readonly Source[],
  limitMs?: number,
): Promise<AllMachines> {
  const shared: Deps = { ...deps, env: ownEnv(deps.env), memo: {} };
  const listings = await Promise.all(
    sources.map((source) => askOne(source, shared, limitMs ?? source.limitMs ?? sourceLimitMs)),
  );
  const { found, warnings: tooLong } = withoutTooLong(listings.flatMap(({ found }) => found));
  const merged = withOwnNames(mergeMachines(found));
  const warnings = [...listings.flatMap(({ warnings }) => warnings), ...tooLong];
  if (merged.length < 2) return { machines: merged, warnings };
  const { withoutContested } = await import('./tools/claims.js');
  const { machines, warnings: contested } = withoutContested(merged);
  return { machines, warnings: [...warnings, ...contested] };
}

/** The routes of a machine, as `list` joins them, with those that only other sources have; without a network. */
export async function routesOfOthers(
  machine: DiscoveredMachine,
  deps: Deps & { readonly port: number },
  from?: readonly Source[],
): Promise<readonly Route[]> {
  // Sources that know machines of other sources too, and answer without running a program.
  const others = from ?? (await loadForList(sourcesHere(deps, [], sources).filter(({ joins }) => joins)));
  const asked = others.filter(({ name }) => name !== machine.provider);
  const { machines } = await listAll(deps, asked);
  const joined = mergeMachines([machine, ...machines]).find(({ target }) => target === machine.target);
  const { routes = [] } = joined ?? machine;
  const { atPort } = await import('../typed/port.js');
  return routes.filter(({ network }) => !network).map((route) => atPort(route, deps.port));
}

/** Whether a command says this of a source only if it was named: its machines are not this user's, and nothing is wrong. */
export function isQuiet({ provider, code }: Warning, named: readonly string[] = []): boolean {
  return (code === closed || code === 'NO_HYPERV') && !named.includes(provider);
}

/** The warnings that a command prints, one line each. */
export function shownWarnings(warnings: readonly Warning[], named?: readonly string[]): readonly Warning[] {
  const shown = warnings.filter((warning) => !isQuiet(warning, named));
  return withoutRepeats(shown, ({ provider, code }) => `${provider} ${code}`).map(({ item, more }) =>
    more === 0 ? item : { ...item, problem: `${item.problem}, and ${more} more of this kind` },
  );
}

async function askOne(source: Source, deps: Deps, limitMs: number): Promise<Listing> {
  const limit = new AbortController();
  const signal = deps.signal ? AbortSignal.any([deps.signal, limit.signal]) : limit.signal;
  const tooLate = new DiscoveryError('TIMEOUT', `did not answer within ${limitMs / 1000} s`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      limit.abort(tooLate);
      // A source that asks several services may have some of the answers: it has 10 ms to return them.
      timer = setTimeout(() => reject(tooLate), 10);
    }, limitMs);
  });
  try {
    // The source's own limits are longer, so that the signal ends what it asks.
    return await Promise.race([source.list({ ...deps, signal, timeoutMs: 2 * limitMs }), late]);
  } catch (error) {
    deps.signal?.throwIfAborted();
    const { code = 'EIO', message } = limit.signal.aborted ? tooLate : (error as NodeJS.ErrnoException);
    return warned(source.name, code, problemOf(source.name, message));
  } finally {
    clearTimeout(timer);
  }
}

/** The most characters of a machine's name, and of each of its other texts, which have paths. */
const maxOfName = 256;
const maxOfOthers = 4096;

/** The machines without those that have a text longer than any real one's, and a warning for those of each source. */
function withoutTooLong(machines: readonly DiscoveredMachine[]): Listing {
  const fits = (value: unknown) => typeof value !== 'string' || value.length <= maxOfOthers;
  const isShort = (machine: DiscoveredMachine) =>
    machine.name.length <= maxOfName && [...Object.values(machine), addressOf(machine)].every(fits);
  const short = machines.filter(isShort);
  const problem = `left out: a machine with a name of over ${maxOfName} characters, or another text of over ${maxOfOthers}`;
  const left = short.length === machines.length ? [] : machines.filter((machine) => !isShort(machine));
  const providers = new Set(left.map(({ provider }) => provider));
  return {
    found: short,
    warnings: [...providers].map((provider) => ({ provider, code: 'TOO_LONG', problem })),
  };
}

/** The running machines that share a vhost CID, which one of them gets. What a container says of itself does not count. */
export function sharedCids<T extends DiscoveredMachine>(
  machines: readonly T[],
): ReadonlyMap<number, readonly T[]> {
  const byCid = groupBy(machines, (machine) =>
    machine.status === 'running' && machine.authority !== 'other' ? vhostCid(machine) : undefined,
  );
  return new Map(
    [...byCid].flatMap(([cid, users]) => (cid === undefined || users.length < 2 ? [] : [[cid, users]])),
  );
}
