import { isIdAlias } from './identity.js';
import type { Verdict } from './known-hosts.js';
import { type Pin, pinPrint } from './pins.js';
import type { AskedPolicy } from './policy.js';

/** All that the decision is made from. What was asked of ssh is undefined until then. */
export interface KeyFacts extends Partial<AskedPolicy> {
  /** Undefined: nobody said what was reached. */
  readonly reached: { readonly text: string; readonly silent?: readonly string[] } | undefined;
  /** Whose key it is (identity.ts); undefined for an address. */
  readonly alias: string | undefined;
  /** Whose key a typed UUID means. */
  readonly meant?: string;
  /** The names by which it is meant. */
  readonly names: readonly string[];
  /** More names that may mean the same machine of another hypervisor. */
  readonly alike?: readonly string[];
  readonly pins: readonly Pin[];
  /** The fingerprint of the key that is shown; of a certificate, of its plain key. */
  readonly shown: string;
  /** The file with a line that revokes that key; undefined: none does. */
  readonly revokedIn?: string | undefined;
  /** The signature by which a CA of the user's says that it is the key of this name. */
  readonly certifiedBy: string | undefined;
  /** Where nobody said what was reached: what our known_hosts says of the name that ssh looks up. */
  readonly byName?: Verdict | undefined;
  /** The fingerprint of the key of an sshd that was brought: no other can be there. */
  readonly brought?: string | undefined;
  /** The fingerprint of the only key that `guest credentials` made for the machine. */
  readonly made: string | undefined;
  /** Of the keys that the machine's manager reads in its files: undefined if it was not asked yet, none if nobody can say. */
  readonly manager: readonly string[] | undefined;
}

export type KeyAnswer =
  /** `pin`: it is kept for the machine. `moved`: the names that meant another machine until now. */
  | { readonly do: 'accept'; readonly pin: boolean; readonly moved?: readonly string[]; readonly why: Why }
  /** Neither known nor refused: ssh goes on only if the user told it to. */
  | { readonly do: 'nothing'; readonly why: Why }
  /** Whatever ssh was told. `file`: the one that revokes it. */
  | { readonly do: 'refuse'; readonly why: Refusal; readonly file?: string }
  | { readonly do: 'ask manager' }
  | { readonly do: 'ask policy' }
  /** As `accept`, if the user says so. */
  | { readonly do: 'ask user'; readonly pin: boolean };

type Why =
  | 'unproved'
  | 'brought'
  | 'brought to another'
  | 'certified'
  | 'made'
  | 'known'
  | 'new machine'
  | 'moved name'
  | 'by manager'
  | 'first'
  | 'address';

/** Why a key is refused; refusal.ts says each to the user. */
export type Refusal =
  | 'no record'
  | 'revoked'
  | 'not brought'
  | 'not made'
  | 'changed'
  | 'another machine'
  | 'not by manager'
  | 'unknown'
  | 'unknown here'
  | 'not asked'
  | 'not kept';

/** Whether the key that ssh was shown is accepted. The first row that holds is the answer. */
export function decideKey(facts: KeyFacts): KeyAnswer {
  const { reached, alias, names, shown, brought, made, manager, policy, byName } = facts;
  const known = pinsOf(facts);
  const moved = names.filter((name) => isAnothers(name, facts));
  const isPinned = known.some((pin) => pinPrint(pin) === shown);
  const isAsked = manager !== undefined;
  const managerKnows = manager !== undefined && manager.length > 0;
  const managerConfirms = manager?.includes(shown) === true;
  const nameWasAnothers = moved.length > 0;
  const isMoved = nameWasAnothers && isKnownMachine(facts, moved);
  const pin = alias !== undefined;
  // An address may be that of a machine whose key is known.
  const isUnsure = reached?.silent !== undefined;
  const { meant } = facts;
  const isOtherId = meant !== alias && facts.pins.some((each) => each.alias === meant);
  const isPlain = isPinned && !nameWasAnothers && !isOtherId && made === undefined;
  // A certificate is only looked at where no key is known.
  const signature = isPlain ? undefined : facts.certifiedBy;
  const isUnproved = reached === undefined;
  const { revokedIn: file } = facts;
  const isRevoked = file !== undefined;
  const revoked = { do: 'refuse', why: 'revoked', file } as const;
  const rows: readonly (readonly [boolean, KeyAnswer])[] = [
    // Only the name is known, as with the user's own ProxyJump: our known_hosts may have a key for it.
    [isUnproved && isRevoked, revoked],
    [isUnproved && byName === 'changed', { do: 'refuse', why: 'changed' }],
    [isUnproved && byName === 'known', { do: 'accept', pin: false, why: 'known' }],
    [isUnproved && policy === undefined, { do: 'ask policy' }],
    [isUnproved && facts.takesAny === true, { do: 'nothing', why: 'unproved' }],
    [isUnproved, { do: 'refuse', why: 'no record' }],
    // Whatever is pinned is of the machine's own sshd, and stays.
    [brought !== undefined && isOtherId, { do: 'refuse', why: 'another machine' }],
    [brought !== undefined && made !== undefined, { do: 'refuse', why: 'not made' }],
    [brought !== undefined && brought !== shown, { do: 'refuse', why: 'not brought' }],
    [brought !== undefined && nameWasAnothers, { do: 'accept', pin: false, why: 'brought to another' }],
    [brought !== undefined, { do: 'accept', pin: false, why: 'brought' }],
    [isRevoked, revoked],
    [signature !== undefined && policy === undefined, { do: 'ask policy' }],
    [
      signature !== undefined && facts.caAlgorithms?.includes(signature) === true,
      { do: 'accept', pin: pin && known.length === 0 && !nameWasAnothers, why: 'certified' },
    ],
    [made === shown, { do: 'accept', pin: false, why: 'made' }],
    [made !== undefined, { do: 'refuse', why: 'not made' }],
    // A typed UUID is that machine's only.
    [isOtherId, { do: 'refuse', why: 'another machine' }],
    // A name meant another machine until now, and this one is known by itself: its manager gave it the name.
    [isMoved, { do: 'accept', pin, moved, why: 'moved name' }],
    // A name meant another machine until now.
    [nameWasAnothers && !isAsked, { do: 'ask manager' }],
    [nameWasAnothers && known.length > 0 && !isPinned, { do: 'refuse', why: 'changed' }],
    [nameWasAnothers && managerConfirms, { do: 'accept', pin, moved, why: 'new machine' }],
    [nameWasAnothers && managerKnows, { do: 'refuse', why: 'not by manager' }],
    [nameWasAnothers, { do: 'refuse', why: 'another machine' }],
    // A machine with pinned keys: these and no others.
    [isPinned, { do: 'accept', pin: !isComplete(facts), why: 'known' }],
    [known.length > 0, { do: 'refuse', why: 'changed' }],
    // A machine without one.
    [pin && !isAsked, { do: 'ask manager' }],
    [pin && managerConfirms, { do: 'accept', pin, why: 'by manager' }],
    [pin && managerKnows, { do: 'refuse', why: 'not by manager' }],
    [policy === undefined, { do: 'ask policy' }],
    [policy === 'ask' || (isUnsure && policy === 'accept-new'), { do: 'ask user', pin: pin && !isUnsure }],
    [policy === 'strict', { do: 'refuse', why: facts.bySystem ? 'unknown here' : 'unknown' }],
    [pin, { do: 'accept', pin, why: 'first' }],
  ];
  const none: KeyAnswer = { do: 'accept', pin: false, why: 'address' };
  return rows.find(([holds]) => holds)?.[1] ?? none;
}

/** Who is asked, each only if that word counts. */
export interface KeyWitnesses {
  manager(): Promise<readonly string[]>;
  /** Of what else is read then, a file may revoke the key. */
  policy(): Promise<AskedPolicy & Pick<KeyFacts, 'revokedIn'>>;
}

/** The same, once all have been asked that have to be. */
export async function decideByAsking(
  facts: KeyFacts,
  asked: KeyWitnesses,
): Promise<Exclude<KeyAnswer, { do: 'ask manager' | 'ask policy' }>> {
  const answer = decideKey(facts);
  if (answer.do === 'ask manager') return decideByAsking({ ...facts, manager: await asked.manager() }, asked);
  if (answer.do === 'ask policy') return decideByAsking({ ...facts, ...(await asked.policy()) }, asked);
  return answer;
}

/** The keys of the machine: those under its UUID, and those from before it had one. */
export function pinsOf({
  alias,
  names,
  alike = [],
  pins,
}: Pick<KeyFacts, 'alias' | 'names' | 'alike' | 'pins'>): readonly Pin[] {
  const own = pins.filter((pin) => pin.alias === alias);
  if (own.length > 0 || alias === undefined) return own;
  const byName = pins.filter((pin) => [...names, ...alike].some((name) => pin.alias === `vmssh-${name}`));
  // An alias with "%" is made from a name.
  if (byName.length > 0 || !alias.includes('%')) return byName;
  // The source says no UUID, unlike another one before: the name means whom it meant.
  const meant = [alias.slice('vmssh-'.length), ...alike];
  return pins.filter((pin) => pin.names.some((name) => meant.includes(name)));
}

/** Whether a name was another machine's, by a UUID or another source's name. Where a source says no UUID, a name is its own machine's. */
function isAnothers(name: string, facts: KeyFacts): boolean {
  if (facts.alias === `vmssh-${name}` || facts.alike?.includes(name)) return false;
  const own = new Set([
    facts.alias,
    ...facts.names.map((each) => `vmssh-${each}`),
    ...pinsOf(facts).map(({ alias }) => alias),
  ]);
  return facts.pins.some((pin) => pin.names.includes(name) && !own.has(pin.alias));
}

/**
 * Whether a machine that has another one's name is known without it: by a key that is pinned for its UUID, which no other has. Behind a
 * hypervisor, whose UUIDs a Host keeps from an earlier listing, the key that the name meant is enough.
 */
function isKnownMachine({ alias, pins, shown }: KeyFacts, moved: readonly string[]): boolean {
  if (alias === undefined || !isIdAlias(alias)) return false;
  const own = pins.filter((pin) => pin.alias === alias);
  if (own.length > 0) return own.some((pin) => !pin.isShared && pinPrint(pin) === shown);
  const before = pins.filter((pin) => pin.names.some((name) => moved.includes(name)));
  return alias.includes('%') && before.every((pin) => pinPrint(pin) === shown);
}

/** Whether all that is known of the machine is kept already. */
function isComplete({ alias, names, pins }: KeyFacts): boolean {
  const own = pins.filter((pin) => pin.alias === alias);
  return own.length > 0 && names.every((name) => own.some((pin) => pin.names.includes(name)));
}
