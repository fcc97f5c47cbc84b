import { now } from '../clock.js';
import { ownTime } from '../process/own-time.js';
import { DiscoveryError } from './discovery-error.js';
import { type ListedMachine, mergeMachines } from './merge.js';
import { ownEnv } from './own-env.js';
import type { Deps, Listing, Provider, Warning } from './provider.js';
import { sharedCids } from './shared-cids.js';

/** The time limit of one provider. Milliseconds. */
export const providerLimitMs = 1000;

export interface AllMachines {
  readonly machines: readonly ListedMachine[];
  readonly warnings: readonly Warning[];
}

/** Asks providers in parallel, each with its own time limit: one that is slow or fails gives a warning. */
export async function listAll(
  deps: Deps,
  providers: readonly Provider[],
  limitMs?: number,
  ownMs: () => number = ownTime,
): Promise<AllMachines> {
  const shared: Deps = { ...deps, env: ownEnv(deps.env), memo: {} };
  const start = { time: now(), own: ownMs() };
  const waited = (ownLimit: number) => now() - start.time - Math.min(ownMs() - start.own, ownLimit);
  const listings = await Promise.all(
    providers.map((provider) =>
      askOne(provider, shared, limitMs ?? provider.limitMs ?? providerLimitMs, waited),
    ),
  );
  const machines = mergeMachines(listings.flatMap(({ found }) => found));
  const warnings = listings.flatMap(({ warnings }) => warnings);
  return { machines, warnings: [...warnings, ...cidsUsedTwice(machines)] };
}

/** Extra time for a provider to return partial results when its time is over. Milliseconds. */
const graceMs = 10;

/**
 * How many limits may be added to a limit for this process's own work: the limit is for waiting, and on a slow or busy machine
 * our own work takes as long.
 */
const longest = 5;

async function askOne(
  provider: Provider,
  deps: Deps,
  limitMs: number,
  waitedMs: (ownLimit: number) => number,
): Promise<Listing> {
  const limit = new AbortController();
  const signal = deps.signal ? AbortSignal.any([deps.signal, limit.signal]) : limit.signal;
  const tooLate = new DiscoveryError('TIMEOUT', `gave no answer within ${limitMs / 1000} s`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const look = () => {
      const waited = waitedMs(longest * limitMs);
      if (waited < limitMs) {
        timer = setTimeout(look, Math.max(10, limitMs - waited));
        return;
      }
      limit.abort(tooLate);
      // A provider that asks several services may have some of the answers.
      timer = setTimeout(() => reject(tooLate), graceMs);
    };
    timer = setTimeout(look, limitMs);
  });
  try {
    return await Promise.race([provider.list({ ...deps, signal, timeoutMs: longest * limitMs }), late]);
  } catch (error) {
    deps.signal?.throwIfAborted();
    const { code = 'EIO', message } = limit.signal.aborted ? tooLate : (error as NodeJS.ErrnoException);
    return { found: [], warnings: [{ provider: provider.name, code, problem: message }] };
  } finally {
    clearTimeout(timer);
  }
}

function cidsUsedTwice(machines: readonly ListedMachine[]): readonly Warning[] {
  return [...sharedCids(machines)].map(([cid, users]) => {
    const targets = users.slice(0, mostTargets).map(({ target }) => target);
    const more = users.length > mostTargets ? [`${users.length - mostTargets} more`] : [];
    const problem = `CID ${cid} is used by ${[...targets, ...more].join(' and ')}: vsock/${cid} may lead to either`;
    return { provider: users[0]?.provider ?? '', code: 'CID_TWICE', problem };
  });
}

/** The number of targets that a warning names. */
const mostTargets = 5;
