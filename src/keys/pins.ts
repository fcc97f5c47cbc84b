import type { ShownKey } from '../ssh/known-hosts.js';
import { fingerprintOf, folded, isEntryOf, linesOf, nameBytes, parseLine } from '../ssh/known-hosts.js';

/** A key that a machine has, in our known_hosts file. */
export interface Pin extends ShownKey {
  /** Whose it is: see identity.ts. */
  readonly alias: string;
  /** The names by which that machine was meant: the comment of the line. */
  readonly names: readonly string[];
  /** What else the line says: when it was accepted, and by whose word. */
  readonly comment?: string;
  /** Whether it is root's word, which no user's own line changes. */
  readonly isRoots?: true;
  /** Whether other machines have its UUID too, which is then no identity: the key is that of its names. */
  readonly isShared?: true | undefined;
  /** Whether ssh has kept it, and it is not in our file yet (inbox.ts). */
  readonly isInbox?: true;
}

export const sharedMark = 'shared-uuid';

/** The keys in a known_hosts file, without marked lines. A hashed name is the one of `known` with that hash; of another machine it is the hash. */
export function pinsIn(bytes: Buffer, known: readonly (string | undefined)[] = []): readonly Pin[] {
  const aliases = known.filter((each) => each !== undefined);
  return linesOf(bytes).flatMap((line) => {
    const parsed = parseLine(line);
    if (!parsed || parsed.marker !== undefined) return [];
    const { hosts, type, key } = parsed;
    const names = namesIn(line).map(fromBytes);
    const isShared = commentOf(line).includes(sharedMark) || undefined;
    const words = commentOf(line).filter((word) => !isName(word) && word !== sharedMark);
    const comment = words.length === 0 ? undefined : fromBytes(words.join(' '));
    // A CA's word ends with its certificate: only ssh takes it, at each login.
    if (/^\S+ ca$/.test(comment ?? '')) return [];
    const aliasOf = (entry: string) =>
      entry.startsWith('|')
        ? (aliases.find((alias) => isEntryOf(toBytes(alias), entry)) ?? entry)
        : fromBytes(folded(entry));
    return hosts.split(',').map((entry) => ({ alias: aliasOf(entry), type, key, names, comment, isShared }));
  });
}

/** The user's own keys and root's: of a machine of which root says the key, or has said it, only root's counts, with the names by which the user means it. */
export function withRoots(own: readonly Pin[], roots: readonly Pin[]): readonly Pin[] {
  const isRoots = ({ alias, comment = '' }: Pin) =>
    comment.endsWith(' system') || roots.some((root) => root.alias === alias);
  const named = (root: Pin): Pin => {
    const names = own.filter(({ alias }) => alias === root.alias).flatMap((pin) => pin.names);
    return { ...root, names, isRoots: true };
  };
  return [...own.filter((pin) => !isRoots(pin)), ...roots.map(named)];
}

export function pinPrint({ key }: { readonly key: string }): string {
  return fingerprintOf(Buffer.from(key, 'base64'));
}

/** "lost": another login of the same machine was first, and pinned another key. */
export type Pinned = 'pinned' | 'lost';

/** Pins a key, or adds names to it, under a lock. `moved`: these names meant another machine until now. Throws as `editFile` does. */
export async function pinKey(path: string, pin: Pin, moved: readonly string[] = []): Promise<Pinned> {
  const { alias, key, isRoots } = pin;
  let result: Pinned = 'pinned';
  const edit = (before: Buffer = Buffer.alloc(0)) => {
    const stale = pinsIn(before, [alias]).some((pin) => pin.alias === alias && pin.key !== key);
    const old = isRoots && stale ? withoutNames(before, [alias]).bytes : before;
    const own = pinsIn(old, [alias]).filter((pin) => pin.alias === alias);
    result = own.length > 0 && !own.some((pin) => pin.key === key) ? 'lost' : 'pinned';
    const after = result === 'lost' ? before : withPin(old, pin, moved);
    return after.equals(before) ? before : after;
  };
  await edited(path, edit);
  return result;
}

/** A known_hosts file in which a machine has that key and these names, which other machines lose if they `moved`. */
export function withPin(bytes: Buffer, pin: Pin, moved: readonly string[] = []): Buffer {
  const { alias, type, key, names, comment, isShared } = pin;
  const naming = { alias: toBytes(alias), names: names.map(toBytes), moved: moved.map(toBytes) };
  const isThere = pinsIn(bytes, [alias]).some((pin) => pin.alias === alias && pin.key === key);
  const text = linesOf(bytes)
    .map((line) => withNames(line, naming))
    .join('');
  const mark = [...(comment ? [toBytes(comment)] : []), ...(isShared ? [sharedMark] : [])];
  const added = isThere ? '' : `${[naming.alias, type, key, ...mark, ...naming.names].join(' ')}\n`;
  const end = added === '' || text === '' || text.endsWith('\n') ? '' : '\n';
  return Buffer.from(`${text}${end}${added}`, 'latin1');
}

/** Notes in the lines of these UUIDs that several machines have them. Throws as `editFile` does. */
export async function markShared(path: string, aliases: readonly string[]): Promise<void> {
  const wanted = aliases.map(toBytes);
  const marked = (line: string) => {
    const { marker, hosts = '' } = parseLine(line) ?? {};
    if (marker !== undefined || !wanted.some((alias) => isEntryOf(alias, hosts))) return line;
    if (commentOf(line).includes(sharedMark)) return line;
    const end = line.length - (/\r?\n$/.exec(line)?.[0].length ?? 0);
    return `${line.slice(0, end)} ${sharedMark}${line.slice(end)}`;
  };
  await edited(path, (old) => {
    const after = old && Buffer.from(linesOf(old).map(marked).join(''), 'latin1');
    return old && after?.equals(old) ? old : after;
  });
}

type Naming = Pick<Pin, 'alias' | 'names'> & { readonly moved: readonly string[] };

/** A line of this machine gets the names; another's loses those that moved. */
export function withNames(line: string, { alias, names, moved }: Naming): string {
  const parsed = parseLine(line);
  if (!parsed || parsed.marker !== undefined) return line;
  const { hosts, at, type, key } = parsed;
  const had = namesIn(line);
  const own = isEntryOf(alias, hosts);
  const next = own ? [...new Set([...had, ...names])] : had.filter((name) => !moved.includes(name));
  if (next.length === had.length) return line;
  const others = commentOf(line).filter((word) => !isName(word));
  const end = line.endsWith('\n') ? '\n' : '';
  return `${line.slice(0, at)}${[hosts, type, key, ...others, ...next.slice(-maxNames)].join(' ')}${end}`;
}

/** Names that are kept for one machine: those that were used last. */
const maxNames = 64;

function namesIn(line: string): readonly string[] {
  return commentOf(line).filter(isName);
}

/** The words after the key, of a line without a marker. */
function commentOf(line: string): readonly string[] {
  return (line.match(/[^ \t\r\n]+/g) ?? []).slice(3);
}

function isName(word: string): boolean {
  return /^[a-z][a-z-]*%./.test(word);
}

/** A known_hosts file without the keys of these names. Marked lines are about a key, not a machine, and stay. */
export function withoutNames(
  bytes: Buffer,
  names: readonly string[],
): { readonly bytes: Buffer; readonly removed: number } {
  const wanted = names.map(nameBytes);
  const isWanted = (entry: string) => names.includes(entry) || wanted.some((name) => isEntryOf(name, entry));
  let removed = 0;
  const kept = linesOf(bytes).map((line) => {
    const parsed = parseLine(line);
    if (!parsed || parsed.marker !== undefined) return line;
    const { hosts, at } = parsed;
    const others = hosts.split(',').filter((entry) => !isWanted(entry));
    if (others.length === hosts.split(',').length) return line;
    removed++;
    if (others.every((entry) => entry.startsWith('!'))) return '';
    return line.slice(0, at) + others.join(',') + line.slice(at + hosts.length);
  });
  return { bytes: Buffer.from(kept.join(''), 'latin1'), removed };
}

/** Most logins change nothing: what does is loaded then. */
async function edited(path: string, edit: (old: Buffer | undefined) => Buffer | undefined): Promise<void> {
  const { editFile } = await import('../files/edit-file.js');
  await editFile(path, edit, 0o600);
}

// Of a line each character is a byte: see linesOf.
export function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

export function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}
