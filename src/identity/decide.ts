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
  const rows = facts.reached === undefined ? rowsByName(facts) : rowsOfMachine(facts);
  return rows.find(([holds]) => holds)?.[1] ?? { do: 'accept', pin: false, why: 'address' };
}

type Row = readonly [holds: boolean, answer: KeyAnswer];

const refuse = (why: Refusal, file?: string): KeyAnswer => ({ do: 'refuse', why, ...(file ? { file } : {}) });
const accept = (why: Why, pin = false, moved?: readonly string[]): KeyAnswer => {
  return { do: 'accept', pin, why, ...(moved ? { moved } : {}) };
};

/** Only the name is known, as with the user's own ProxyJump: our known_hosts may have a key for it. */
function rowsByName({ revokedIn: file, byName, policy, takesAny }: KeyFacts): readonly Row[] {
  return [
    [file !== undefined, refuse('revoked', file)],
    [byName === 'changed', refuse('changed')],
    [byName === 'known', accept('known')],
    [policy === undefined, { do: 'ask policy' }],
    [takesAny === true, { do: 'nothing', why: 'unproved' }],
    [true, refuse('no record')],
  ];
}

function rowsOfMachine(facts: KeyFacts): readonly Row[] {
  const { alias, names, shown, made, manager, policy, meant, revokedIn: file } = facts;
  const known = pinsOf(facts);
  const isPinned = known.some((pin) => pinPrint(pin) === shown);
  const moved = names.filter((name) => isAnothers(name, facts));
  const nameWasAnothers = moved.length > 0;
  const isOtherId = meant !== alias && facts.pins.some((each) => each.alias === meant);
  const isAsked = manager !== undefined;
  const managerConfirms = manager?.includes(shown) === true;
  const managerKnows = isAsked && manager.length > 0;
  const pin = alias !== undefined;
  // An address may be that of a machine whose key is known.
  const isUnsure = facts.reached?.silent !== undefined;
  const isPlain = isPinned && !nameWasAnothers && !isOtherId && made === undefined;
  return [
    ...rowsOfBrought(facts, isOtherId, nameWasAnothers),
    [file !== undefined, refuse('revoked', file)],
    // A certificate is only looked at where no key is known.
    ...(isPlain ? [] : rowsOfCertificate(facts, pin && known.length === 0 && !nameWasAnothers)),
    [made === shown, accept('made')],
    [made !== undefined, refuse('not made')],
    // A typed UUID is that machine's only.
    [isOtherId, refuse('another machine')],
    // A name meant another machine until now, and this one is known by itself: its manager gave it the name.
    [nameWasAnothers && isKnownMachine(facts, moved), accept('moved name', pin, moved)],
    [nameWasAnothers && !isAsked, { do: 'ask manager' }],
    [nameWasAnothers && known.length > 0 && !isPinned, refuse('changed')],
    [nameWasAnothers && managerConfirms, accept('new machine', pin, moved)],
    [nameWasAnothers && managerKnows, refuse('not by manager')],
    [nameWasAnothers, refuse('another machine')],
    // A machine with pinned keys: these and no others.
    [isPinned, accept('known', !isComplete(facts))],
    [known.length > 0, refuse('changed')],
    // A machine without one.
    [pin && !isAsked, { do: 'ask manager' }],
    [pin && managerConfirms, accept('by manager', pin)],
    [pin && managerKnows, refuse('not by manager')],
    [policy === undefined, { do: 'ask policy' }],
    [policy === 'ask' || (isUnsure && policy === 'accept-new'), { do: 'ask user', pin: pin && !isUnsure }],
    [policy === 'strict', refuse(facts.bySystem ? 'unknown here' : 'unknown')],
    [pin, accept('first', pin)],
  ];
}

/** Whatever is pinned is of the machine's own sshd, and stays. */
function rowsOfBrought(facts: KeyFacts, isOtherId: boolean, nameWasAnothers: boolean): readonly Row[] {
  const { brought, made, shown } = facts;
  if (brought === undefined) return [];
  return [
    [isOtherId, refuse('another machine')],
    [made !== undefined, refuse('not made')],
    [brought !== shown, refuse('not brought')],
    [true, accept(nameWasAnothers ? 'brought to another' : 'brought')],
  ];
}

function rowsOfCertificate({ certifiedBy, policy, caAlgorithms }: KeyFacts, pin: boolean): readonly Row[] {
  if (certifiedBy === undefined) return [];
  return [
    [policy === undefined, { do: 'ask policy' }],
    [caAlgorithms?.includes(certifiedBy) === true, accept('certified', pin)],
  ];
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
export function pinsOf(facts: Pick<KeyFacts, 'alias' | 'names' | 'alike' | 'pins'>): readonly Pin[] {
  const { alias, names, alike = [], pins } = facts;
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

// Without the name: by a key that is pinned for its UUID, which no other has. Behind a hypervisor, whose UUIDs a Host
// keeps from an earlier listing, the key that the name meant is enough.
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
