import { proxyWord } from '../word.js';
import { entryLine, type GroupedHost, parseEntry, toBlock, toEntry } from './entry.js';

/**
 * The number of such Hosts from which on they share blocks. ssh reads every line of its configuration at each start: with a
 * block for each, 1,000 Hosts take 9 ms and 10,000 take 80 (docs/many-hosts.md).
 */
export const groupedFrom = 500;

/** The names on one Host line: ssh adds them one by one, in steps that grow with their number. */
const mostNames = 50;

/**
 * The lines of `configText` with one block for many machines of a hypervisor: their names in `Host`, and a comment with the
 * rest for each, which `vmssh proxy --hosts` reads. The same text if there are few. `ownFile`: where it will be. Throws a
 * RangeError if that path is not possible in an ssh_config.
 */
export function grouped(text: string, ownFile: string, from = groupedFrom): string {
  if (!text.includes(' of via/')) return text;
  const file = proxyWord(ownFile);
  const groups = new Map<string, GroupedHost[]>();
  const others: string[] = [];
  let count = 0;
  for (const paragraph of text.trimEnd().split('\n\n')) {
    const found = toEntry(paragraph, file);
    if (!found) {
      others.push(paragraph);
      continue;
    }
    count++;
    const key = `${found.entry.via}\n${found.settings}`;
    const group = groups.get(key);
    if (group) group.push(found.entry);
    else groups.set(key, [found.entry]);
  }
  if (count < from) return text;
  const blocks = [...groups].flatMap(([key, all]) => {
    const end = key.indexOf('\n');
    return inParts(all).map((part) => blockOf(key.slice(0, end), part, key.slice(end + 1)));
  });
  return `${[...others, ...blocks].join('\n\n')}\n`;
}

/** The blocks of their own in a paragraph of our file; undefined if it is not one of a group. */
export function ungrouped(paragraph: string): readonly string[] | undefined {
  const [, comments, settings] = /^# .*\n((?:#: .*\n)+)Host .*\n([\s\S]*)$/.exec(paragraph) ?? [];
  if (comments === undefined || settings === undefined) return undefined;
  const entries = comments.split('\n').flatMap((line) => parseEntry(line) ?? []);
  return entries.map((entry) => toBlock(entry, settings));
}

function blockOf(via: string, part: readonly GroupedHost[], settings: string): string {
  return [
    `# Machines behind ${via}: each line has a Host, its name there, its target and its name in known_hosts`,
    ...part.map(entryLine),
    `Host ${part.map(({ host }) => host).join(' ')}`,
    settings,
  ].join('\n');
}

function inParts(all: readonly GroupedHost[]): readonly (readonly GroupedHost[])[] {
  const count = Math.ceil(all.length / mostNames);
  return Array.from({ length: count }, (_, at) => all.slice(at * mostNames, (at + 1) * mostNames));
}
