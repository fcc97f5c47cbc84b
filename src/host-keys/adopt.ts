import { editFile } from '../files/edit-file.js';
import { readSafely } from '../files/read-at.js';
import { isEntryOf, type KeyLine, linesOf, nameBytes, parseLine, plainName } from './lines.js';

/** What known_hosts has a machine by, now and before. */
export interface KeyNames {
  readonly alias: string;
  readonly older: readonly string[];
}

/**
 * Lets the keys that a known_hosts file has under older names of machines count under their alias too, unless there is one
 * already: a copy of their lines is added. A file that cannot be read is none, as it is to ssh. Throws as `editFile` does.
 */
export async function adoptKeys(path: string, machines: readonly KeyNames[]): Promise<void> {
  const edit = (old: Buffer | undefined) => old && withAdopted(old, machines);
  const seen = await readSafely(path).catch(() => undefined);
  if (edit(seen?.bytes) !== seen?.bytes) await editFile(path, edit, 0o600);
}

/** The same bytes if there is nothing to add. */
export function withAdopted(bytes: Buffer, machines: readonly KeyNames[]): Buffer {
  const lines = linesOf(bytes);
  const find = indexOf(lines.flatMap((line) => parseLine(line) ?? []));
  const added = machines.flatMap(({ alias, older }) => {
    if (find(alias).some(({ marker }) => marker === undefined)) return [];
    const theirs = older.flatMap(find);
    return theirs.map(({ marker, type, key }) => `${marker ? `${marker} ` : ''}${alias} ${type} ${key}\n`);
  });
  const news = [...new Set(added)].filter((line) => !lines.includes(line));
  if (news.length === 0) return bytes;
  const end = bytes.at(-1) === 0x0a ? '' : '\n';
  return Buffer.concat([bytes, Buffer.from(end), ...news.map((line) => Buffer.from(line))]);
}

/** Finds the lines that have a name as one of theirs. */
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
