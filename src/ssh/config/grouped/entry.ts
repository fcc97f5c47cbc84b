import type { ViaTarget } from '../../../target/target.js';
import { typedNames, typedPatterns } from './typed-names.js';

/** A machine on another hypervisor, whose Host shares its settings with others. */
export interface GroupedHost {
  readonly host: string;
  /** Its name there, and the hypervisor. */
  readonly name: string;
  readonly via: string;
  readonly target: string;
  /** Its name in known_hosts. */
  readonly alias: string;
}

/** No other comment of ours begins so: those are "# ". */
const mark = '#: ';

/** What `vmssh proxy` and others read of it: one line. */
export function entryLine({ host, name, target, alias }: GroupedHost): string {
  return `${mark}${host} ${name} ${target} ${alias}`;
}

/** Undefined for any other line. */
export function parseEntry(line: string): GroupedHost | undefined {
  const [, host, name, target, via, alias] =
    /^#: ([a-z0-9._-]+) ([\w.-]+) (via\/([\w.-]+)\/[\w./-]+) (vmssh-[\da-f-]{36})$/.exec(line) ?? [];
  if (!host || !name || !target || !via || !alias) return undefined;
  return { host, name, via, target, alias };
}

/** The entry of a Host in the text of our file. */
export function findEntry(file: string, host: string): GroupedHost | undefined {
  const wanted = host.toLowerCase();
  const start = file.indexOf(`\n${mark}${wanted} `) + 1;
  const entry = start === 0 ? undefined : parseEntry(file.slice(start, file.indexOf('\n', start)));
  return entry?.host === wanted ? entry : undefined;
}

/** The entry of the machine that a target means: by its name there, or by its own target. */
export function findMeant(file: string, { host, target, inner }: ViaTarget): GroupedHost | undefined {
  const via = `via/${host}`.toLowerCase();
  // A name there has no capitals: `toEntry`.
  const words = inner ? ` ${via}/${target.replace('%', '/')} vmssh-` : ` ${target.toLowerCase()} ${via}/`;
  for (let at = file.indexOf(words); at >= 0; at = file.indexOf(words, at + 1)) {
    // Any machine's name can stand in another comment.
    const entry = parseEntry(file.slice(file.lastIndexOf('\n', at) + 1, file.indexOf('\n', at)));
    if (entry) return entry;
  }
  return undefined;
}

/** All entries in the text of our file. */
export function entries(file: string): readonly GroupedHost[] {
  if (!file.includes(`\n${mark}`)) return [];
  return file.split('\n').flatMap((line) => parseEntry(line) ?? []);
}

/** The names under which ssh itself keeps a machine's key, by its Host: that has no HostKeyAlias. */
export function keyNamesOf(entry: GroupedHost): readonly string[] {
  return [entry.host, ...typedNames(entry, true)];
}

/** The same of all Hosts with its identity: one that moved can be behind two hypervisors. */
export function keyNamesIn(file: string, { alias }: Pick<GroupedHost, 'alias'>): readonly string[] {
  const names: string[] = [];
  const end = ` ${alias}\n`;
  for (let at = file.indexOf(end); at >= 0; at = file.indexOf(end, at + 1)) {
    const entry = parseEntry(file.slice(file.lastIndexOf('\n', at) + 1, at + end.length - 1));
    if (entry) names.push(...keyNamesOf(entry));
  }
  return names;
}

/** Its own block, from the settings of its group; `toEntry` does the reverse. */
export function toBlock(entry: GroupedHost, settings: string): string {
  const { host, name, via, target, alias } = entry;
  const own = settings
    .replace(/^( *ProxyCommand .* proxy (?:--fdpass )?)--hosts .* '%h' %p$/m, `$1${target} %p`)
    .replace(/^ *CheckHostIP no$/m, `$&\n    HostKeyAlias ${alias}`);
  return `# ${name} of via/${via}\nHost ${[host, ...typedPatterns(entry, true)].join(' ')}\n${own}`;
}

/** What a block shares with others, and its entry; undefined if it has its own settings. `file`: ours, quoted. */
export function toEntry(
  block: string,
  file: string,
): { readonly entry: GroupedHost; readonly settings: string } | undefined {
  const [, name, via, host, lines] =
    /^# ([\w.-]+) of via\/([\w.-]+)\nHost ([a-z0-9._-]+) .*\n([\s\S]*)$/.exec(block) ?? [];
  const [, target] = /^ *ProxyCommand .* proxy (?:--fdpass )?(via\/\S+) %p$/m.exec(lines ?? '') ?? [];
  const [, alias] = /^ *HostKeyAlias (\S+)$/m.exec(lines ?? '') ?? [];
  // A User or a key of its own comes below the settings for host keys, and is also for what people type by "via".
  if (!name || !via || !host || !lines?.endsWith('UpdateHostKeys no') || !target || !alias) return undefined;
  const entry = { host, name, via, target, alias };
  const settings = lines
    .replace(
      /^( *ProxyCommand .* proxy (?:--fdpass )?)via\/\S+ %p$/m,
      (_, start) => `${start}--hosts ${file} '%h' %p`,
    )
    .replace(/^ *HostKeyAlias .*\n/m, '');
  const isSame = parseEntry(entryLine(entry)) !== undefined && toBlock(entry, settings) === block;
  return isSame ? { entry, settings } : undefined;
}
