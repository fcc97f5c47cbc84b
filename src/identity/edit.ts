import { editFile } from '../files/edit-file.js';
import { readSafely } from '../files/place.js';
import { isEntryOf, type KeyLine, linesOf, nameBytes, parseLine, plainName } from './known-hosts.js';

/** A machine's names in known_hosts, its own and those that were typed for it. */
export interface KeyNames {
  readonly alias: string;
  readonly typed: readonly string[];
}

/**
 * Copies machines' keys in a known_hosts file from typed names to their alias, unless that has one already. An unreadable
 * file counts as missing, as it does for ssh. Throws as `editFile` does.
 */
export async function adoptKeys(path: string, machines: readonly KeyNames[]): Promise<void> {
  const edit = (old: Buffer | undefined) => old && withAdopted(old, machines);
  const seen = await readSafely(path).catch(() => undefined);
  if (edit(seen?.bytes) !== seen?.bytes) await editFile(path, edit, 0o600);
}

/** The same bytes if nothing is added. */
export function withAdopted(bytes: Buffer, machines: readonly KeyNames[]): Buffer {
  const lines = linesOf(bytes);
  const find = indexOf(lines.flatMap((line) => parseLine(line) ?? []));
  const added = machines.flatMap(({ alias, typed }) => {
    if (find(alias).some(({ marker }) => marker === undefined)) return [];
    const theirs = typed.flatMap(find);
    return theirs.map(({ marker, type, key }) => `${marker ? `${marker} ` : ''}${alias} ${type} ${key}\n`);
  });
  const news = [...new Set(added)].filter((line) => !lines.includes(line));
  if (news.length === 0) return bytes;
  const end = bytes.at(-1) === 0x0a ? '' : '\n';
  return Buffer.concat([bytes, Buffer.from(end), ...news.map((line) => Buffer.from(line))]);
}

/** Finds the lines that list a name. */
function indexOf(lines: readonly KeyLine[]): (name: string) => readonly KeyLine[] {
  const byName = new Map<string, KeyLine[]>();
  const hashed: KeyLine[] = [];
  for (const line of lines) {
    if (line.hosts.startsWith('|')) hashed.push(line);
    for (const name of line.hosts.split(',').map(plainName))
      byName.set(name, [...(byName.get(name) ?? []), line]);
  }
  return (name) => {
    const host = nameBytes(name);
    return [...(byName.get(host) ?? []), ...hashed.filter(({ hosts }) => isEntryOf(host, hosts))];
  };
}

/**
 * Removes the keys of these names from a known_hosts file, and changes nothing else. Resolves to their number. Throws as
 * `editFile` does.
 */
export async function forgetKeys(path: string, names: readonly string[]): Promise<number> {
  let removed = 0;
  const edit = (old: Buffer | undefined) => {
    const left = withoutNames(old ?? Buffer.alloc(0), names);
    removed = left.removed;
    return removed === 0 ? old : left.bytes;
  };
  await editFile(path, edit, 0o600);
  return removed;
}

/** A known_hosts file without the keys of these names. Marked lines are about a key, not a machine, and stay. */
export function withoutNames(
  bytes: Buffer,
  names: readonly string[],
): { readonly bytes: Buffer; readonly removed: number } {
  const wanted = names.map(nameBytes);
  const isWanted = (entry: string) => wanted.some((name) => isEntryOf(name, entry));
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
