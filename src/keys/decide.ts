import { hostKeyAlias, type Identified, isIdAlias } from '../book/identity.js';
import type { FiledVerdict } from '../ssh/known-hosts.js';
import { type Pin, pinPrint } from './pins.js';

interface ReachedFacts {
  readonly text: string;
  readonly silent?: readonly string[];
  readonly machine?: { readonly authority?: string };
}

/** By what a machine's keys may be kept. */
export interface KeyNames {
  /** Whose key a typed UUID means. */
  readonly meant?: string | undefined;
  readonly names: readonly string[];
  /** More names that may mean the same machine of another hypervisor. */
  readonly alike?: readonly string[];
}

export interface MachinePins extends KeyNames {
  /** Whose key it is (identity.ts); undefined for an address. */
  readonly alias: string | undefined;
  readonly pins: readonly Pin[];
}

/** All that the decision is made from. */
export interface KeyFacts extends MachinePins {
  /** Undefined: nobody said what was reached. */
  readonly reached: ReachedFacts | undefined;
  /** The fingerprint of the key that is shown; of a certificate, of its plain key. */
  readonly shown: string;
  /** The file with a line that revokes that key; undefined: none does. */
  readonly revokedIn?: string | undefined;
  /** Of a certificate by a CA that the user or the system has for the name that ssh looks up: whether its time and principals hold. */
  readonly certified?: boolean | undefined;
  /** What our files, which ssh reads, say of the name that it looks up; "another": its key is another machine's. Undefined: they do not count. */
  filed?(): FiledVerdict | 'another';
  /** The fingerprint of the key of an sshd that was brought: no other can be there. */
  readonly brought?: string | undefined;
  /** The fingerprint of the only key that `guest credentials` made for the machine. */
  readonly made: string | undefined;
  /** Of the keys that the machine's manager reads in its files: undefined if it was not asked yet, none if nobody can say. */
  readonly manager: readonly string[] | undefined;
}

export type KeyAnswer =
  /** The key is printed. `pin`: it is kept for the machine. `moved`: the names that meant another machine until now. */
  | { readonly do: 'vouch'; readonly pin: boolean; readonly moved?: readonly string[]; readonly why: Why }
  /** Its CA is printed, and ssh verifies the certificate. */
  | { readonly do: 'certify' }
  /** ssh decides, as for any host. */
  | { readonly do: 'nothing'; readonly why: Silence }
  /** ssh is told to refuse, whatever its configuration says. `file`: the one that revokes it. */
  | { readonly do: 'contradict'; readonly why: Refusal; readonly file?: string }
  | { readonly do: 'ask manager' };

type Why = 'brought' | 'brought to another' | 'made' | 'known' | 'new machine' | 'moved name' | 'by manager';

/** `filed`: ssh's own file has the key for that name. */
type Silence = 'filed' | 'unknown' | 'no record';

/** Why a key is refused; refusal.ts says each to the user. */
export type Refusal =
  | 'revoked'
  | 'not brought'
  | 'not made'
  | 'changed'
  | 'kept twice'
  | 'another machine'
  | 'another at the address'
  | 'not by manager'
  | 'not asked';

/** Whether vmssh vouches for the key that ssh was shown, contradicts, or says nothing. The first row that holds is the answer. */
export function decideKey(facts: KeyFacts): KeyAnswer {
  const rows = [
    ...rowsOfBrought(facts),
    ...rowsOfRefusal(facts),
    [facts.certified === true, { do: 'certify' }] as const,
    ...(facts.reached === undefined ? rowsByName(facts) : rowsOfMachine(facts)),
  ];
  const answer = rows.find(([holds]) => holds)?.[1] ?? answerOfSsh(facts);
  // ssh says itself what is wrong with the certificate, as long as nobody contradicts its key.
  const isCertified = facts.certified !== undefined && ['vouch', 'nothing'].includes(answer.do);
  return isCertified && facts.brought === undefined ? { do: 'certify' } : answer;
}

type Row = readonly [holds: boolean, answer: KeyAnswer];

const contradict = (why: Refusal, file?: string): KeyAnswer => {
  return { do: 'contradict', why, ...(file ? { file } : {}) };
};
const vouch = (why: Why, pin = false, moved?: readonly string[]): KeyAnswer => {
  return { do: 'vouch', pin, why, ...(moved ? { moved } : {}) };
};

/** Whatever is pinned is of the machine's own sshd, and stays. */
function rowsOfBrought(facts: KeyFacts): readonly Row[] {
  const { brought, made, shown } = facts;
  if (brought === undefined) return [];
  return [
    [isOtherId(facts), contradict('another machine')],
    [made !== undefined, contradict('not made')],
    [brought !== shown, contradict('not brought')],
    [true, vouch(movedNames(facts).length > 0 ? 'brought to another' : 'brought')],
  ];
}

/** What no CA's word changes. */
function rowsOfRefusal(facts: KeyFacts): readonly Row[] {
  const { made, shown, revokedIn: file } = facts;
  return [
    [file !== undefined, contradict('revoked', file)],
    [made !== undefined && made !== shown, contradict('not made')],
    // A typed UUID is that machine's only.
    [isOtherId(facts), contradict('another machine')],
  ];
}

/** Only the name is known, as with the user's own ProxyJump. */
function rowsByName({ names, meant, pins, shown }: KeyFacts): readonly Row[] {
  const byName = names.map((name) => `vmssh-${name}`);
  const known = pins.filter(
    (pin) =>
      pin.alias === meant || byName.includes(pin.alias) || pin.names.some((name) => names.includes(name)),
  );
  return [
    [known.some((pin) => pinPrint(pin) === shown), vouch('known')],
    [known.length > 0, contradict('changed')],
  ];
}

function rowsOfMachine(facts: KeyFacts): readonly Row[] {
  const { alias, shown, made, manager } = facts;
  const known = pinsOf(facts);
  const isPinned = known.some((pin) => pinPrint(pin) === shown);
  const moved = movedNames(facts);
  const nameWasAnothers = moved.length > 0;
  const isAsked = manager !== undefined;
  const managerConfirms = manager?.includes(shown) === true;
  const managerKnows = isAsked && manager.length > 0;
  const pin = alias !== undefined;
  return [
    [made === shown, vouch('made')],
    // A name meant another machine until now, and this one is known by itself: its manager gave it the name.
    [nameWasAnothers && isKnownMachine(facts, moved), vouch('moved name', pin, moved)],
    [nameWasAnothers && !isAsked, { do: 'ask manager' }],
    [nameWasAnothers && known.length > 0 && !isPinned, contradict('changed')],
    [nameWasAnothers && managerConfirms, vouch('new machine', pin, moved)],
    [nameWasAnothers && managerKnows, contradict('not by manager')],
    [nameWasAnothers, contradict('another machine')],
    // A machine with pinned keys: these and no others.
    [isKeptTwice(known), contradict('kept twice')],
    [isPinned, vouch('known', !isComplete(facts))],
    [known.length > 0, contradict('changed')],
    // A machine without one.
    [pin && !isAsked, { do: 'ask manager' }],
    [pin && managerConfirms, vouch('by manager', pin)],
    [pin && managerKnows, contradict('not by manager')],
  ];
}

/** Nobody here knows the key: ssh decides, but of what it has kept itself. */
function answerOfSsh({ filed, alias, reached }: KeyFacts): KeyAnswer {
  const isAddress = reached !== undefined && alias === undefined;
  switch (filed?.()) {
    case 'another':
      return contradict('another machine');
    case 'changed':
      return contradict(isAddress ? 'another at the address' : 'changed');
    case 'known':
      return { do: 'nothing', why: 'filed' };
    default:
      // An address may be that of a machine whose key is known.
      if (reached?.silent !== undefined) return contradict('not asked');
      return { do: 'nothing', why: reached === undefined ? 'no record' : 'unknown' };
  }
}

/** Asks the manager only if that word counts. */
export async function decideByAsking(
  facts: KeyFacts,
  manager: () => Promise<readonly string[]>,
): Promise<Exclude<KeyAnswer, { do: 'ask manager' }>> {
  const answer = decideKey(facts);
  return answer.do === 'ask manager'
    ? decideByAsking({ ...facts, manager: await manager() }, manager)
    : answer;
}

/** The keys of the machine: those under its UUID, and those from before it had one. */
export function pinsOf({ alias, names, alike = [], pins }: MachinePins): readonly Pin[] {
  const own = pins.filter((pin) => pin.alias === alias);
  if (own.length > 0 || alias === undefined) return own;
  const byName = pins.filter((pin) => [...names, ...alike].some((name) => pin.alias === `vmssh-${name}`));
  // An alias with "%" is made from a name.
  if (byName.length > 0 || !alias.includes('%')) return byName;
  // The source says no UUID, unlike another one before: the name means whom it meant.
  const meant = [alias.slice('vmssh-'.length), ...alike];
  return pins.filter((pin) => pin.names.some((name) => meant.includes(name)));
}

/** Whose key it is (identity.ts), where a UUID that several machines have is no identity: its key is that of the names in its line. `names`: the machine's. */
export function aliasAmong(
  { target, machine }: Identified,
  names: readonly string[],
  pins: readonly Pin[],
): string | undefined {
  const alias = hostKeyAlias({ target, machine });
  const shared = pins.filter((pin) => pin.alias === alias && pin.isShared);
  const isOwn = (pin: Pin) => pin.names.length === 0 || pin.names.some((name) => names.includes(name));
  if (machine === undefined || shared.length === 0 || shared.some(isOwn)) return alias;
  return hostKeyAlias({ target, machine: { ...machine, uuid: undefined } });
}

function isOtherId({ reached, meant, alias, pins }: KeyFacts): boolean {
  return reached !== undefined && meant !== alias && pins.some((pin) => pin.alias === meant);
}

/** Two first logins at once may each have had ssh keep a key. */
function isKeptTwice(known: readonly Pin[]): boolean {
  const bySsh = known.filter(({ comment }) => comment?.endsWith(' ssh'));
  return bySsh.some((one) => bySsh.some((other) => other.type === one.type && other.key !== one.key));
}

function movedNames(facts: KeyFacts): readonly string[] {
  return facts.names.filter((name) => isAnothers(name, facts));
}

/** Whether a name was another machine's, by a UUID or another source's name. Where a source says no UUID, a name is its own machine's. */
function isAnothers(name: string, facts: KeyFacts): boolean {
  if (facts.alias === `vmssh-${name}` || facts.alike?.includes(name)) return false;
  const own = new Set([
    facts.alias,
    ...facts.names.map((name) => `vmssh-${name}`),
    ...pinsOf(facts).map(({ alias }) => alias),
  ]);
  return facts.pins.some((pin) => pin.names.includes(name) && !own.has(pin.alias));
}

// Without the name: by a key that is pinned for its UUID, which no other has; or for its own name in its manager, where a short
// name comes back to it. Another user calls his machine as he likes. Behind a hypervisor, whose UUIDs a Host keeps from an
// earlier listing, the key that the name meant is enough.
function isKnownMachine({ alias, reached, pins, shown }: KeyFacts, moved: readonly string[]): boolean {
  const isId = alias !== undefined && isIdAlias(alias);
  const isBack = reached?.machine?.authority !== 'other' && moved.every((name) => name.startsWith('host%'));
  if (!isId && !isBack) return false;
  const own = pins.filter((pin) => pin.alias === alias);
  if (own.length > 0) return !isKeptTwice(own) && own.some((pin) => !pin.isShared && pinPrint(pin) === shown);
  const before = pins.filter((pin) => pin.names.some((name) => moved.includes(name)));
  return isId && alias.includes('%') && before.every((pin) => pinPrint(pin) === shown);
}

/** Whether all that is known of the machine is kept already. */
function isComplete({ alias, names, pins }: KeyFacts): boolean {
  const own = pins.filter((pin) => pin.alias === alias && !pin.isInbox);
  return own.length > 0 && names.every((name) => own.some((pin) => pin.names.includes(name)));
}
