import { windowsName } from '../../discovery/match.js';
import { countBy } from '../../group-by.js';
import { asTarget } from '../../kinds/parse.js';
import { uuidAlias } from '../identity.js';
import type { HostEntry } from './state.js';

/**
 * What else people type for each machine: its Host in lower case, since ssh compares letter by letter, its UUID, its name on Hyper-V's network,
 * and what is typed by "via".
 * Exact names only, since others chose most of them; none that another machine has too, or that is taken.
 */
export function moreNames(
  all: readonly HostEntry[],
  taken: ReadonlySet<string>,
): ReadonlyMap<HostEntry, readonly string[]> {
  const found = all.map((entry) => ({ entry, host: entry.host, names: [...new Set(namesOf(entry))] }));
  const asked = countBy(
    found.flatMap(({ host, names }) => [...new Set([host, ...names].map(lower))]),
    (name) => name,
  );
  const isOwn = (name: string) => asked.get(lower(name)) === 1 && !taken.has(lower(name));
  return new Map(
    found.map(({ entry, host, names }) => [entry, names.filter((name) => name !== host && isOwn(name))]),
  );
}

function namesOf(entry: HostEntry): readonly string[] {
  const { host, uuid, via } = entry;
  // Another hypervisor may say so of any UUID.
  const isId = via === undefined && uuid !== undefined && uuidAlias(uuid) !== undefined;
  const network = via === undefined ? windowsName(entry) : undefined;
  return [
    lower(host),
    ...(isId ? [uuid] : []),
    ...(network === undefined ? [] : [network]),
    ...(via === undefined ? [] : typedNames(entry, via)),
  ];
}

/** via/HOST/NAME, via/HOST/UUID and via/HOST/TARGET, also with "%" for each slash. */
function typedNames({ name, target, uuid }: HostEntry, via: string): readonly string[] {
  const ofName = `via/${via}/${name}`;
  const known = [
    ...(/^[\w.-]+$/.test(name) && isName(ofName) ? [ofName] : []),
    ...(uuid !== undefined && uuidAlias(uuid) !== undefined ? [`via/${via}/${uuid}`] : []),
    ...(isName(target) ? [] : [target]),
  ];
  return known
    .filter((typed) => /^[\w./-]+$/.test(typed))
    .flatMap((typed) => [typed, typed.replaceAll('/', '%')]);
}

/** Whether the last part is a machine's name, and not a target of its own there. */
function isName(typed: string): boolean {
  const target = asTarget(typed);
  return target?.kind === 'via' && target.inner === undefined;
}

function lower(name: string): string {
  return name.toLowerCase();
}
