import { DiscoveryError } from './discovery-error.js';
import { match, type Named } from './match.js';

/** The result of a search for a machine by name. `warnings`: what else could not be asked. */
export type Search<M, W> =
  | { readonly outcome: 'found'; readonly machine: M; readonly warnings: readonly W[] }
  /** `means`: what to type for each. */
  | { readonly outcome: 'ambiguous'; readonly means: readonly string[]; readonly warnings: readonly W[] }
  | {
      readonly outcome: 'unknown';
      /** The existing names. */
      readonly known: readonly string[];
      /** The paths that were checked, best first. */
      readonly tried?: readonly string[];
      readonly warnings: readonly W[];
    }
  /** No machine can have such a name; no provider was asked. */
  | { readonly outcome: 'refused'; readonly problem: string }
  /** No provider answered. */
  | {
      readonly outcome: 'unavailable';
      readonly code: string;
      readonly problem: string;
      readonly hint?: string | undefined;
      readonly warnings: readonly W[];
      readonly cause?: unknown;
    };

/** What a search finds, or that it got no answer: a DiscoveryError of it, and what is known of that. */
export async function answerOf<M, W>(
  search: Promise<Search<M, W>>,
  signal: AbortSignal | undefined,
  known: (error: DiscoveryError) => { readonly code?: string; readonly hint?: string } = () => ({}),
): Promise<Search<M, W>> {
  try {
    return await search;
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof DiscoveryError)) throw cause;
    const { message: problem } = cause;
    return { outcome: 'unavailable', code: 'NOT_FOUND', problem, warnings: [], cause, ...known(cause) };
  }
}

/** The result of a match over a listing. */
export async function searchList<M extends Named & { readonly target: string }, W>(
  name: string,
  listing: Promise<{ readonly found: readonly M[]; readonly warnings: readonly W[] }>,
): Promise<Search<M, W>> {
  const { found, warnings } = await listing;
  return searchIn(match(name, found), found, ({ target }) => target, warnings);
}

/** The result of a match among `all`; `typed`: what to type for one of several. */
export function searchIn<M extends Named, W = never>(
  matches: readonly M[],
  all: readonly Named[],
  typed: (machine: M) => string,
  warnings: readonly W[] = [],
): Search<M, W> {
  const [machine, ...others] = matches;
  if (machine === undefined)
    return { outcome: 'unknown', known: [...new Set(all.map(({ name }) => name))], warnings };
  if (others.length > 0) return { outcome: 'ambiguous', means: matches.map(typed), warnings };
  return { outcome: 'found', machine, warnings };
}
