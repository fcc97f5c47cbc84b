import { parseUuid } from '../address/guid.js';
import type { ListedMachine } from '../discovery/merge.js';
import { type Status, statuses } from '../discovery/provider.js';
import { asTarget } from '../kinds/parse.js';
import { mostHops } from '../kinds/via.js';

/** What a hypervisor says of one thing. */
export type Json = Readonly<Record<string, unknown>>;

/** Of one text. */
const mostCharacters = 1000;
/** The other targets of one machine. */
const mostOthers = 16;

/** A machine of a hypervisor, or why it cannot be shown, in our own words. */
export function machineThere(host: string, json: Json): ListedMachine | string {
  const { also: others = [] } = json;
  const also = Array.isArray(others) ? others.slice(0, mostOthers + 1) : [];
  if ([json.name, json.target, json.address, json.user, ...also].some(isTooLong))
    return `a text has more than ${mostCharacters} characters`;
  if (also.length > mostOthers) return `it has more than ${mostOthers} other targets`;
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
  if (target === undefined) return `the target is none, or has more than ${mostHops} hypervisors`;
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
  };
}

/** The name of a provider. */
export function providerOf({ provider }: Json): string | undefined {
  return /^[a-z][a-z0-9-]*$/.exec(shortText(provider, 64) ?? '')?.[0];
}

/** A text that is neither empty nor too long. */
export function shortText(value: unknown, longest = mostCharacters): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}

function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > mostCharacters;
}
