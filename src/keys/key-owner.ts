import type { Env } from '../base/runtime.js';
import { exact, hostKeyAlias, type Identified, namesAlike, namesOf, uuidAlias } from '../book/identity.js';
import { asTarget, isNamed } from '../kinds/kinds.js';
import { nameOf, type ViaTarget } from '../typed/target.js';
import { aliasAmong, type KeyNames } from './decide.js';
import { type GuestKeys, guestKeysFor, madeHostKey } from './guest-keys.js';
import type { Pin } from './pins.js';
import type { ReachedRecord } from './record.js';

/** How the login came to be. */
interface Login {
  /** What the user typed, a Host or a target. */
  readonly typed?: string | undefined;
  /** The name by which ssh looks the key up. */
  readonly host?: string;
  /** Only the known keys, for which no program is asked, and not which ones are revoked. */
  readonly isKnownOnly?: boolean;
}

/** Who was reached, by all the names under which its keys may be kept. */
export interface KeyOwner extends Login, KeyNames {
  /** Of what nobody said is reached: only what was typed. */
  readonly reached: ReachedRecord;
  readonly isProved: boolean;
  readonly aliases: readonly string[];
  /** The machine's own name among those that have these keys; undefined for an address. */
  aliasIn(pins: readonly Pin[]): string | undefined;
  /** The key that `guest credentials` made: no other is accepted. */
  readonly made?: { readonly keys: GuestKeys; readonly type: string; readonly key: string } | undefined;
}

/** Identifies it. `proved`: what a proxy said that it has reached. */
export async function keyOwner(proved: ReachedRecord | undefined, login: Login, env: Env): Promise<KeyOwner> {
  const { typed, host, isKnownOnly = false } = login;
  const identified = proved && (await identify(proved, env));
  const reached = proved ?? { text: typed ?? host ?? '' };
  const known = { ...login, reached, isProved: proved !== undefined };
  if (!identified) {
    const names = typed === undefined ? [] : namesTyped(typed);
    const aliases = names.map((name) => `vmssh-${name}`);
    return { ...known, meant: uuidAlias(typed), names, aliases, aliasIn: () => undefined };
  }
  const alias = hostKeyAlias(identified);
  const isBehind = identified.target.kind === 'via' && !isKnownOnly;
  const byHop = isBehind ? await (await import('./hop-names.js')).namesByHop(identified, env) : undefined;
  const meant = meantBy(identified, typed);
  const names = [...(alias === undefined ? [] : namesOf(identified, typed)), ...(byHop?.names ?? [])];
  const alike = [...namesAlike(identified), ...(byHop?.alike ?? [])];
  const byName = [...names, ...alike].map((name) => `vmssh-${name}`);
  return {
    ...{ ...known, meant, names, alike },
    aliases: [alias, meant, ...byName].filter((each) => each !== undefined),
    aliasIn: (pins) => aliasAmong(identified, names, pins),
    made: madeFor(identified, typed, env),
  };
}

async function identify({ text, machine }: ReachedRecord, env: Env): Promise<Identified | undefined> {
  const target = asTarget(text);
  if (target === undefined) return undefined;
  if (target.kind !== 'via') return { target, machine };
  const { viaMachine, writtenHosts } = await import('../book/same.js');
  return { target, machine: viaMachine(target as ViaTarget, await writtenHosts({ env })) };
}

/** Whose key a UUID means that was typed, as a target or in one; behind another hypervisor it is that one's own. */
function meantBy({ target }: Identified, typed: string | undefined): string | undefined {
  if (target.kind === 'via') return undefined;
  return uuidAlias(isNamed(target) ? nameOf(target) : '') ?? uuidAlias(typed);
}

/** Whatever is reached by a name for which a key was made has to show that key. */
function madeFor(named: Identified, typed: string | undefined, env: Env): KeyOwner['made'] {
  const keys = guestKeysFor({ ...named, typed }, env);
  const [type, key] = (keys && madeHostKey(keys))?.split(' ') ?? [];
  return keys && type !== undefined && key !== undefined ? { keys, type, key } : undefined;
}

/** The names under which something may be kept that was typed, whether or not it is found: for `vmssh forget`. */
export function namesTyped(typed: string): readonly string[] {
  const target = asTarget(typed);
  return target ? namesOf({ target }) : [`host%${exact(typed)}`];
}
