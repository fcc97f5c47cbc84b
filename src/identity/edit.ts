import { editFile } from '../files/edit-file.js';
import { isEntryOf, linesOf, nameBytes, parseLine } from './known-hosts.js';
import { pinsIn } from './pins.js';

/**
 * Removes the keys of these names from a known_hosts file, and those of machines that one of `meant` (namesOf) meant, and changes
 * nothing else. Resolves to their number. Throws as `editFile` does.
 */
export async function forgetKeys(
  path: string,
  names: readonly string[],
  meant: readonly string[] = [],
): Promise<number> {
  let removed = 0;
  const edit = (old: Buffer | undefined) => {
    const pins = old === undefined ? [] : pinsIn(old);
    const aliases = pins.filter((pin) => pin.names.some((name) => meant.includes(name)));
    const left = withoutNames(old ?? Buffer.alloc(0), [...names, ...aliases.map(({ alias }) => alias)]);
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
