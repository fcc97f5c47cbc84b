import type { Named } from './match.js';

/** What came of looking for a machine by a name. `warnings`: what could not be asked besides. */
export type Search<M, W> =
  | { readonly outcome: 'found'; readonly machine: M; readonly warnings: readonly W[] }
  /** `means`: what to type for each. */
  | { readonly outcome: 'ambiguous'; readonly means: readonly string[]; readonly warnings: readonly W[] }
  | {
      readonly outcome: 'unknown';
      /** The names that there are. */
      readonly known: readonly string[];
      /** The paths that were looked at, best first. */
      readonly tried?: readonly string[];
      readonly warnings: readonly W[];
    }
  /** No machine can have such a name; nobody was asked. */
  | { readonly outcome: 'refused'; readonly problem: string }
  /** Nobody answered. */
  | {
      readonly outcome: 'unavailable';
      readonly code: string;
      readonly problem: string;
      readonly hint: string;
      readonly warnings: readonly W[];
      readonly cause?: unknown;
    };

/** The outcome of a match among `all`; `typed`: what to type for one of several. */
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
