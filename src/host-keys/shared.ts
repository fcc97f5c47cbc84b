import { folded, type KeyLine, linesOf, nameBytes, parseLine } from './lines.js';

/** The names of one machine that stand on the same lines of known_hosts, so that it has one key under all of them. */
export interface SharedNames {
  /** Its identity. */
  readonly alias: string;
  /** Names under which ssh itself may have kept a key. */
  readonly shared?: readonly string[] | undefined;
  /** The one of them that ssh looks for now. */
  readonly now?: string | undefined;
}

/** A line with a key, and its names. */
interface Entry extends KeyLine {
  readonly index: number;
  readonly names: readonly string[];
}

/**
 * A known_hosts file where each line of a machine has its alias, and the name that ssh looks for now. The same bytes if
 * nothing changes. A name that was seen with another key than the alias keeps its own.
 */
export function withShared(bytes: Buffer, machines: readonly SharedNames[]): Buffer {
  if (machines.every(({ shared = [] }) => shared.length === 0)) return bytes;
  const lines = [...linesOf(bytes)];
  const find = indexOf(lines);
  let isChanged = false;
  for (const machine of machines) {
    for (const { index, text } of rewritten(machine, find, lines)) {
      isChanged ||= lines[index] !== text;
      lines[index] = text;
    }
  }
  return isChanged ? Buffer.from(lines.join(''), 'latin1') : bytes;
}

function rewritten(
  { alias, shared = [], now }: SharedNames,
  find: (name: string) => readonly Entry[],
  lines: readonly string[],
): readonly { readonly index: number; readonly text: string }[] {
  const known = find(alias);
  const others = [...new Set(shared.flatMap(find))].filter((entry) => !known.includes(entry));
  const isOther =
    known.length > 0 &&
    others.length > 0 &&
    !others.some((other) => known.some((each) => isSameKey(each, other)));
  const all = isOther ? known : [...known, ...others];
  const wanted = [
    alias,
    ...(now === undefined || (isOther && others.some(({ names }) => names.includes(nameBytes(now))))
      ? []
      : [now]),
  ].map(nameBytes);
  return all.map((entry) => {
    const same = all.filter((each) => isSameKey(each, entry));
    // One line for each key.
    if (same[0] !== entry) return { index: entry.index, text: '' };
    const names = new Set([...same.flatMap((each) => each.names), ...wanted]);
    const added = [...names].filter((name) => !entry.names.includes(name));
    const [line = '', end] = [lines[entry.index], entry.at + entry.hosts.length];
    return { index: entry.index, text: [line.slice(0, end), ...added].join(',') + line.slice(end) };
  });
}

/** Finds the lines that list a name; those with a marker are about a key. */
function indexOf(lines: readonly string[]): (name: string) => readonly Entry[] {
  const byName = new Map<string, Entry[]>();
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line);
    if (!parsed || parsed.marker !== undefined) continue;
    const names = parsed.hosts.split(',').map(folded);
    const entry = { ...parsed, index, names };
    for (const name of names) byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  return (name) => byName.get(nameBytes(name)) ?? [];
}

function isSameKey(a: KeyLine, b: KeyLine): boolean {
  return a.type === b.type && a.key === b.key;
}
