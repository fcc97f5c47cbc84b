import type { Status, Warning } from '../provider.js';
import { statuses } from '../provider.js';
import type { JsonObject } from './json.js';

/** The most that others can say in one list of machines, as below for one text; docs/many-hosts.md names them. */
const maxMachines = 10_000;
const maxWarnings = 100;
/** Processor time for one answer, so that the others get theirs. Milliseconds. */
const maxWorkMs = 5000;
/** Of one text. */
export const maxCharacters = 1000;

/** What is left out of a list, and of how many rows it is true. */
export interface Left {
  readonly why: string;
  readonly count: number;
}

/**
 * Reads rows that another program printed, within the limits: nothing of them is trusted. `read` makes one, or says in our own words why it is
 * left out. `who` can list so many.
 */
export function readRows<T extends object>(
  all: readonly unknown[],
  read: (row: JsonObject) => T | string,
  who: string,
  workedMs: () => number = ownWork,
): { readonly rows: readonly T[]; readonly left: readonly Left[] } {
  const rows: T[] = [];
  const left = new Map<string, number>();
  const leave = (why: string, count = 1) => left.set(why, (left.get(why) ?? 0) + count);
  const end = workedMs() + maxWorkMs;
  let at = 0;
  for (; at < Math.min(all.length, maxMachines); at++) {
    if (at % 100 === 0 && workedMs() > end) break;
    const row = read(Object(all[at]));
    if (typeof row === 'string') leave(row);
    else rows.push(row);
  }
  if (at < all.length)
    leave(
      at === maxMachines
        ? `${who} can list ${maxMachines}`
        : `reading the ${at} before took ${maxWorkMs / 1000} s`,
      all.length - at,
    );
  return { rows, left: [...left].map(([why, count]) => ({ why, count })) };
}

/** Its warnings, within the limits. None is left out: what failed there may still have the machines that a list lacks. */
export function readWarnings(
  warnings: unknown,
  providerOf: (row: JsonObject) => string,
  problemOf: (problem: string) => Warning,
): readonly Warning[] {
  if (!Array.isArray(warnings)) return [];
  const shown = warnings.slice(0, maxWarnings).map((each): Warning => {
    const json: JsonObject = Object(each);
    return {
      provider: providerOf(json),
      code: shortText(json.code, 64) ?? 'UNKNOWN',
      problem: shortText(json.problem) ?? 'it gave a warning that cannot be shown',
    };
  });
  const more = warnings.length - shown.length;
  return more === 0 ? shown : [...shown, problemOf(`${more} more of its warnings are not shown`)];
}

export function statusIn({ status }: JsonObject): Status | undefined {
  return statuses.find((each) => each === status);
}

/** A text that is neither empty nor too long. */
export function shortText(value: unknown, longest = maxCharacters): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}

export function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > maxCharacters;
}

/** The processor time of this process. Milliseconds. */
function ownWork(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
