import { isEntryOf, linesOf, parseLine } from '../ssh/known-hosts.js';
import { takeInbox } from './inbox.js';
import { type Pin, pinsIn, toBytes, withNames, withoutNames } from './pins.js';

export interface Forgotten {
  /** How many lines. */
  readonly removed: number;
  readonly forgotten: readonly Pin[];
  /** Of machines that had one of the names, and keep their keys without it. */
  readonly kept: readonly string[];
}

interface ToForget {
  /** The names by which the machine is meant (namesOf). */
  readonly meant?: readonly string[];
  /** Aliases that may be hashed. */
  readonly known?: readonly string[];
  /** Of the pins that are left, those of the machine that has the names now. */
  readonly own?: (pins: readonly Pin[]) => readonly Pin[];
}

/** Removes the keys of these names and of the machine that is meant, and nothing else. Throws as `editFile` does. */
export async function forgetKeys(
  path: string,
  names: readonly string[],
  options: ToForget = {},
): Promise<Forgotten> {
  const { meant = [], known = [], own } = options;
  let result: Forgotten = { removed: 0, forgotten: [], kept: [] };
  const hasName = (pin: Pin) => pin.names.some((name) => meant.includes(name));
  // The keys of the machine that has the names now only go if no other one was meant, which loses the names and keeps its
  // key. If none has them (no `own`), all that had one are removed.
  const edit = (old: Buffer | undefined) => {
    const pins = old === undefined ? [] : pinsIn(old, [...names, ...known]);
    const found = new Set(own ? ownAliases(pins, names, own) : aliasesOf(pins.filter(hasName)));
    const isOthers = ({ alias }: Pin) => !found.has(alias) && !names.includes(alias);
    const kept = aliasesOf(pins.filter((pin) => isOthers(pin) && hasName(pin)));
    const aliases = new Set([...names, ...(kept.length === 0 ? found : [])]);
    const left = withoutNames(old ?? Buffer.alloc(0), [...aliases]);
    const forgotten = pins.filter(({ alias }) => aliases.has(alias));
    result = { removed: left.removed, forgotten, kept };
    if (left.removed === 0 && kept.length === 0) return old;
    const naming = { alias: '', names: [], moved: meant.map(toBytes) };
    const isKept = (line: string) =>
      kept.some((alias) => isEntryOf(toBytes(alias), parseLine(line)?.hosts ?? ''));
    const lines = linesOf(left.bytes).map((line) => (isKept(line) ? withNames(line, naming) : line));
    return Buffer.from(lines.join(''), 'latin1');
  };
  await takeInbox(path, edit);
  return result;
}

/** Until no pin is left that would count as the machine's. */
function ownAliases(
  pins: readonly Pin[],
  names: readonly string[],
  own: (pins: readonly Pin[]) => readonly Pin[],
): readonly string[] {
  const aliases = aliasesOf(own(pins.filter(({ alias }) => !names.includes(alias))));
  return aliases.length === 0 ? [] : [...aliases, ...ownAliases(pins, [...names, ...aliases], own)];
}

function aliasesOf(pins: readonly Pin[]): readonly string[] {
  return [...new Set(pins.map(({ alias }) => alias))];
}
