import { DiscoveryError, leftOutCode, type Warning } from '../source.js';
import { type JsonObject, objectAt } from './json.js';
import { printedJson } from './run-tool.js';

/** The most that others can say in one list of machines, as below for one text; docs/many-hosts.md names them. */
const maxMachines = 10_000;
const maxWarnings = 100;
/** Processor time for one answer, so that the others get theirs. Milliseconds. */
const maxWorkMs = 5000;
/** The longest text. */
export const maxCharacters = 1000;

/** What `vmssh list --json` prints, of which nothing is read yet. */
export interface ListAnswer {
  readonly machines: readonly unknown[];
  readonly warnings: unknown;
}

/** Throws a DiscoveryError: FAILED with the answer's own error, or PROTOCOL. */
export function answerIn(text: string): ListAnswer {
  const { version, machines, warnings, error } = objectAt(printedJson(text));
  const failed = shortText(objectAt(error).problem);
  if (failed !== undefined) throw new DiscoveryError('FAILED', failed);
  if (version === 1 && Array.isArray(machines)) return { machines, warnings };
  throw new DiscoveryError('PROTOCOL', 'expected { "version": 1, "machines": [{ "name", "status", … }] }');
}

export interface Reader<M> {
  /** Who printed the rows, in messages about the limits: "a source". */
  readonly who: string;
  /** The machine of a row, or in our own words why it is left out. */
  readonly machineOf: (row: JsonObject) => M | string;
  /** The source that a warning in the answer names. */
  readonly providerOf: (row: JsonObject) => string;
  /** The source that our own warnings about the answer name. */
  readonly provider: string;
  readonly workedMs?: () => number;
}

/** Reads an answer that another program printed, within the limits: nothing of it is trusted, and what is left out is a warning. */
export function readList<M extends object>(
  { machines, warnings }: ListAnswer,
  { who, machineOf, providerOf, provider, workedMs = ownWork }: Reader<M>,
): { readonly machines: readonly M[]; readonly warnings: readonly Warning[] } {
  const rows: M[] = [];
  const left = new Map<string, number>();
  const leave = (said: string, count = 1) => {
    const why = left.has(said) || left.size < maxWarnings ? said : 'for other reasons';
    left.set(why, (left.get(why) ?? 0) + count);
  };
  const warningOf = (problem: string): Warning => ({ provider, code: leftOutCode, problem });
  const end = workedMs() + maxWorkMs;
  let at = 0;
  for (; at < Math.min(machines.length, maxMachines); at++) {
    if (at % 100 === 0 && workedMs() > end) break;
    const row = machineOf(objectAt(machines[at]));
    if (typeof row === 'string') leave(row);
    else rows.push(row);
  }
  const limit =
    at === maxMachines ? `${who} can list ${at}` : `reading the ${at} before took ${maxWorkMs / 1000} s`;
  if (at < machines.length) leave(limit, machines.length - at);
  const lacks = [...left].map(([why, n]) => warningOf(`${n} of its machines cannot be shown: ${why}`));
  return { machines: rows, warnings: [...readWarnings(warnings, providerOf, warningOf), ...lacks] };
}

/** A source's warnings, within the limits. None is left out: what failed there may still have the machines that a list lacks. */
function readWarnings(
  warnings: unknown,
  providerOf: (row: JsonObject) => string,
  warningOf: (problem: string) => Warning,
): readonly Warning[] {
  if (!Array.isArray(warnings)) return [];
  const shown = warnings.slice(0, maxWarnings).map((warning): Warning => {
    const json = objectAt(warning);
    return {
      provider: providerOf(json),
      code: shortText(json.code, 64) ?? 'UNKNOWN',
      problem: shortText(json.problem) ?? 'it gave a warning that cannot be shown',
    };
  });
  const more = warnings.length - shown.length;
  return more === 0 ? shown : [...shown, warningOf(`${more} more of its warnings are not shown`)];
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
