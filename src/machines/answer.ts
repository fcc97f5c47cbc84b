import type { ConnectError } from '../errors.js';
import { asTarget } from '../kinds/parse.js';
import { maxHops } from '../kinds/via.js';
import type { ListedMachine } from '../sources/merge.js';
import type { Warning } from '../sources/provider.js';
import { type JsonObject, parseJson } from '../sources/tools/json.js';
import {
  isTooLong,
  maxCharacters,
  readRows,
  readWarnings,
  shortText,
  statusIn,
} from '../sources/tools/said.js';
import { parseUuid } from '../target/guid.js';

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
  workedMs?: () => number,
): Answered {
  const { version, machines, warnings, error } = parse(text);
  const failed = shortText(Object(error).problem);
  if (failed !== undefined) throw fail('UNKNOWN', `its vmssh: ${failed}`);
  if (version !== 1 || !Array.isArray(machines))
    throw fail(
      'PROTOCOL',
      'its vmssh gave an answer that this one does not understand',
      'use the same version on both',
    );
  const { rows, left } = readRows(machines, (row) => remoteMachine(host, row), 'a hypervisor', workedMs);
  const lacks = left.map(({ why, count }) =>
    problemOf(host, `${count} of its machines cannot be shown: ${why}`),
  );
  const said = readWarnings(
    warnings,
    (row) => ownerOf(host, row),
    (problem) => problemOf(host, problem),
  );
  return { machines: rows, warnings: [...said, ...lacks] };
}

function parse(text: string): JsonObject {
  try {
    return Object(parseJson(text));
  } catch {
    return {};
  }
}

function ownerOf(host: string, row: JsonObject): string {
  const provider = providerOf(row);
  return provider === undefined ? `via/${host}` : `via/${host}/${provider}`;
}

/** A warning of our own. */
function problemOf(host: string, problem: string): Warning {
  return { provider: `via/${host}`, code: 'PROTOCOL', problem };
}

/** The other targets of one machine. */
const maxOthers = 16;

/** A machine of a hypervisor, or why it cannot be shown, in our own words. */
function remoteMachine(host: string, json: JsonObject): ListedMachine | string {
  const { also: others = [] } = json;
  const also = Array.isArray(others) ? others.slice(0, maxOthers + 1) : [];
  if ([json.name, json.target, json.address, json.user, ...also].some(isTooLong))
    return `a text has more than ${maxCharacters} characters`;
  if (also.length > maxOthers) return `it has more than ${maxOthers} other targets`;
  const name = shortText(json.name);
  const there = shortText(json.target);
  const provider = providerOf(json);
  const status = statusIn(json);
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
function providerOf({ provider }: JsonObject): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(shortText(provider, 64) ?? '')?.[0];
}
