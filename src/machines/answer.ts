import type { ConnectError } from '../errors.js';
import { asTarget } from '../kinds/parse.js';
import { maxHops } from '../kinds/via.js';
import type { ListedMachine } from '../sources/merge.js';
import { type Status, statuses, type Warning } from '../sources/provider.js';
import { parseJson } from '../sources/tools/json.js';
import { parseUuid } from '../target/guid.js';

/** The most that one hypervisor can say, as below for one machine; docs/many-hosts.md names them. */
const maxMachines = 10_000;
const maxWarnings = 100;
/** Processor time for its answer, so that the others get theirs. Milliseconds. */
const maxWorkMs = 5000;

/** What a hypervisor answered, as far as it can be shown. */
interface Answered {
  readonly machines: readonly ListedMachine[];
  readonly warnings: readonly Warning[];
}

/** The machines in what `vmssh list --json` printed on a hypervisor: nothing of it is trusted. Throws what `fail` makes. */
export function answered(
  host: string,
  text: string,
  fail: (code: string, problem: string, hint?: string) => ConnectError,
  workedMs: () => number = ownWork,
): Answered {
  const { version, machines, warnings, error } = parse(text);
  const said = shortText(Object(error).problem);
  if (said !== undefined) throw fail('UNKNOWN', `its vmssh: ${said}`);
  if (version !== 1 || !Array.isArray(machines))
    throw fail(
      'PROTOCOL',
      'its vmssh gave an answer that this one does not understand',
      'use the same version on both',
    );
  const read = machinesOf(host, machines, workedMs);
  return { machines: read.machines, warnings: [...warningsOf(host, warnings), ...read.warnings] };
}

function parse(text: string): Json {
  try {
    return Object(parseJson(text));
  } catch {
    return {};
  }
}

/** The machines within the limits, and a warning for each limit that others are beyond. */
function machinesOf(host: string, all: readonly unknown[], workedMs: () => number): Answered {
  const machines: ListedMachine[] = [];
  const left = new Map<string, number>();
  const leave = (why: string, count = 1) => left.set(why, (left.get(why) ?? 0) + count);
  const end = workedMs() + maxWorkMs;
  let at = 0;
  for (; at < Math.min(all.length, maxMachines); at++) {
    if (at % 100 === 0 && workedMs() > end) break;
    const read = remoteMachine(host, Object(all[at]));
    if (typeof read === 'string') leave(read);
    else machines.push(read);
  }
  if (at < all.length)
    leave(
      at === maxMachines
        ? `a hypervisor can list ${maxMachines}`
        : `reading the ${at} before took ${maxWorkMs / 1000} s`,
      all.length - at,
    );
  const warnings = [...left].map(([why, count]) =>
    problemOf(host, `${count} of its machines cannot be shown: ${why}`),
  );
  return { machines, warnings };
}

function warningsOf(host: string, warnings: unknown): readonly Warning[] {
  if (!Array.isArray(warnings)) return [];
  const shown = warnings.slice(0, maxWarnings).map((each) => warningOf(host, Object(each)));
  const more = warnings.length - shown.length;
  return more === 0 ? shown : [...shown, problemOf(host, `${more} more of its warnings are not shown`)];
}

// None is left out: a provider that failed there may still have the machines that this list lacks.
function warningOf(host: string, json: Json): Warning {
  const provider = providerOf(json);
  return {
    provider: provider === undefined ? `via/${host}` : `via/${host}/${provider}`,
    code: shortText(json.code, 64) ?? 'UNKNOWN',
    problem: shortText(json.problem) ?? 'it gave a warning that cannot be shown',
  };
}

/** A warning of our own. */
function problemOf(host: string, problem: string): Warning {
  return { provider: `via/${host}`, code: 'PROTOCOL', problem };
}

/** The processor time of this process. Milliseconds. */
function ownWork(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What a hypervisor says of one thing. */
type Json = Readonly<Record<string, unknown>>;

/** Of one text. */
const maxCharacters = 1000;
/** The other targets of one machine. */
const maxOthers = 16;

/** A machine of a hypervisor, or why it cannot be shown, in our own words. */
function remoteMachine(host: string, json: Json): ListedMachine | string {
  const { also: others = [] } = json;
  const also = Array.isArray(others) ? others.slice(0, maxOthers + 1) : [];
  if ([json.name, json.target, json.address, json.user, ...also].some(isTooLong))
    return `a text has more than ${maxCharacters} characters`;
  if (also.length > maxOthers) return `it has more than ${maxOthers} other targets`;
  const name = shortText(json.name);
  const there = shortText(json.target);
  const provider = providerOf(json);
  const status: Status | undefined = statuses.find((each) => each === json.status);
  if (name === undefined || there === undefined || provider === undefined || status === undefined)
    return 'the name, target, provider or status is missing or unknown';
  const behind = (text: unknown) => {
    const target = `via/${host}/${text}`;
    return typeof text === 'string' && asTarget(target) !== undefined ? target : undefined;
  };
  const target = behind(there);
  if (target === undefined) return `its target is invalid, or has more than ${maxHops} hypervisors`;
  const isCid = typeof json.cid === 'number' && Number.isInteger(json.cid) && json.cid >= 0;
  return {
    name,
    target,
    provider,
    status,
    via: host,
    also: also.flatMap((each) => behind(each) ?? []),
    cid: isCid ? (json.cid as number) : undefined,
    uuid: parseUuid(shortText(json.uuid) ?? ''),
    address: shortText(json.address),
    user: shortText(json.user),
    ...(json.authority === 'other' ? { authority: 'other' } : {}),
  };
}

/** The name of a provider. */
function providerOf({ provider }: Json): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(shortText(provider, 64) ?? '')?.[0];
}

/** A text that is neither empty nor too long. */
function shortText(value: unknown, longest = maxCharacters): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}

function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > maxCharacters;
}
