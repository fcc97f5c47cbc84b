import type { ConnectError } from '../errors.js';
import { asTarget } from '../kinds/parse.js';
import { maxHops } from '../kinds/via.js';
import type { ListedMachine } from '../sources/merge.js';
import { DiscoveryError } from '../sources/provider.js';
import { routesTo } from '../sources/routes.js';
import type { JsonObject } from '../sources/tools/json.js';
import type { ListAnswer } from '../sources/tools/row-limits.js';
import {
  answerIn,
  isTooLong,
  maxCharacters,
  readList,
  shortText,
  statusIn,
} from '../sources/tools/row-limits.js';
import { parseUuid } from '../target/guid.js';

/** The machines in what `vmssh list --json` printed on a hypervisor. Throws what `fail` makes. */
export function answered(
  host: string,
  text: string,
  fail: (code: string, problem: string, hint?: string) => ConnectError,
  workedMs?: () => number,
): ReturnType<typeof readList<ListedMachine>> {
  const provider = `via/${host}`;
  return readList(opened(text, fail), {
    who: 'a hypervisor',
    machineOf: (row) => remoteMachine(host, row),
    providerOf: (row) => ownerOf(provider, row),
    provider,
    workedMs,
  });
}

function ownerOf(hypervisor: string, row: JsonObject): string {
  const provider = providerOf(row);
  return provider === undefined ? hypervisor : `${hypervisor}/${provider}`;
}

function opened(text: string, fail: Parameters<typeof answered>[2]): ListAnswer {
  try {
    return answerIn(text);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    if (error.code === 'FAILED') throw fail('UNKNOWN', `its vmssh: ${error.message}`);
    const problem = 'this vmssh does not understand the answer of its vmssh';
    throw fail('PROTOCOL', problem, 'use the same version on both');
  }
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
    routes: routesTo([shortText(json.address)]),
    user: shortText(json.user),
    ...(json.authority === 'other' ? { authority: 'other' } : {}),
  };
}

function providerOf({ provider }: JsonObject): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(shortText(provider, 64) ?? '')?.[0];
}
