import { readdir } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';
import type { Env } from '../../base/runtime.js';
import { readText } from '../../files/read-file.js';
import { matchesPattern } from '../../typed/names.js';

/** A setting in an ssh_config: the keyword in lower case, the arguments without their quotes. */
export interface SshSetting {
  readonly keyword: string;
  readonly args: readonly string[];
}

/** The settings of a configuration, in order, without comments and empty lines; with `only`: those with one of these keywords. */
export function settingsOf(config: string, only?: readonly string[]): readonly SshSetting[] {
  // Each login asks for a few of them, in files that may be long. ssh takes a quote out of a keyword.
  const mayHave = (text: string) => {
    const plain = only && text.replaceAll('"', '').toLowerCase();
    return plain === undefined || only?.some((keyword) => plain.includes(keyword));
  };
  if (!mayHave(config)) return [];
  const settings: SshSetting[] = [];
  for (const line of config.replace(/^\ufeff/, '').split('\n')) {
    if (line.startsWith('#') || !mayHave(line)) continue;
    const [, start = '', quoted = '', rest = ''] =
      /^[\s=]*(?:"")?([A-Za-z]*)(?:"([A-Za-z]*)"\s*=?\s*|\s*=\s*|\s+)(.*)$/s.exec(line.trimEnd()) ?? [];
    const keyword = `${start}${quoted}`.toLowerCase();
    if (keyword !== '' && (only?.includes(keyword) ?? true)) settings.push({ keyword, args: wordsOf(rest) });
  }
  return settings;
}

/** Split as ssh does: quotes of both sorts, also within a word; a backslash before a quote, a backslash or a blank; no comment. */
function wordsOf(text: string): readonly string[] {
  const words = [...text.matchAll(/(?:\\["'\\ ]|"(?:\\["'\\]|[^"])*"?|'(?:\\["'\\]|[^'])*'?|[^ \t"'])+/g)];
  const comment = words.findIndex(([word]) => word.startsWith('#'));
  return (comment < 0 ? words : words.slice(0, comment)).map(([word]) => unquoted(word));
}

/** What is escaped, and what is in quotes: one that is not closed ends with the line. */
function unquoted(word: string): string {
  return word.replaceAll(
    /\\(["'\\ ])|"((?:\\["'\\]|[^"])*)"?|'((?:\\["'\\]|[^'])*)'?/g,
    (_, escaped?: string, double?: string, single = '') =>
      escaped ?? (double ?? single).replaceAll(/\\(["'\\])/g, '$1'),
  );
}

/** The names after `Host` in a configuration, without patterns, in lower case. */
export function hostNames(config: string): ReadonlySet<string> {
  const words = settingsOf(config, ['host']).flatMap(({ args }) => args);
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => /^[^*?!]+$/.test(word)));
}

/** A Host or Match line with what is below it. */
export interface Block {
  readonly patterns: readonly string[];
  /** Whether it says where the host is, and not only how to log in. */
  leads: boolean;
  isVmssh: boolean;
  readonly knownHosts: string[];
}

/** The lines of one configuration by the hosts that they are for; not those for every host. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  for (const { keyword, args } of settingsOf(text)) {
    const block = blocks.at(-1);
    if (keyword === 'host' || keyword === 'match') {
      const patterns = keyword === 'host' ? args : matchedHosts(args);
      const lower = patterns.map((each) => each.toLowerCase());
      blocks.push({ patterns: lower, leads: false, isVmssh: false, knownHosts: [] });
    } else if (block && knownHostsKeywords.includes(keyword))
      block.knownHosts.push(...args.filter((path) => !/^(none|\/dev\/null)$/i.test(path)));
    else if (block && leading.has(keyword) && args[0]?.toLowerCase() !== 'none') {
      block.leads = true;
      if (keyword === 'proxycommand' && /\bvmssh\b.* proxy /.test(`${args.join(' ')} `)) block.isVmssh = true;
    }
  }
  return blocks;
}

const leading: ReadonlySet<string> = new Set(['hostname', 'proxycommand', 'proxyjump']);

// "host web" or "host=web".
function matchedHosts(args: readonly string[]): readonly string[] {
  const words = args.flatMap((word) => word.split('='));
  return words.flatMap((word, at) =>
    /^(originalhost|host)$/i.test(word) ? (words[at + 1]?.split(',') ?? []) : [],
  );
}

/** Whether a Host line is for a name, and not for every one. */
export function areFor(patterns: readonly string[], name: string): boolean {
  const isNot = patterns.some((each) => each.startsWith('!') && matchesPattern(name, each.slice(1)));
  return !isNot && patterns.some((each) => /[^*?.!]/.test(each) && matchesPattern(name, each));
}

export const knownHostsKeywords: readonly string[] = ['userknownhostsfile', 'globalknownhostsfile'];

/** The texts of all files that a configuration in `folder` (~/.ssh) includes, recursively, each once, without `except`. Skips unreadable ones, as ssh does. */
export async function includedTexts(text: string, folder: string, except: string, env: Env) {
  const seen = new Set([except]);
  const texts: string[] = [];
  for (let next = [text]; next.length > 0; ) {
    const named = next.flatMap((each) => settingsOf(each, ['include'])).flatMap(({ args }) => args);
    const lists = await Promise.all(named.map((each) => filesOf(expandedPath(each, folder, env), folder)));
    const paths = [...new Set(lists.flat())].filter((path) => !seen.has(path));
    for (const path of paths) seen.add(path);
    next = await Promise.all(paths.map((path) => readText(path).catch(() => '')));
    texts.push(...next);
  }
  return texts;
}

/** A path as ssh expands it: the home folder, which is the parent of `folder`, variables, and tokens. One that may differ for each login becomes "*". */
export function expandedPath(path: string, folder: string, env: Env): string {
  const home = dirname(folder);
  return path
    .replace(/^~(?=[/\\])/, () => home)
    .replaceAll(/\$\{(\w+)\}|%(.)/g, (all, name: string | undefined, token: string) => {
      if (name !== undefined) return env[name] ?? all;
      return token === '%' ? token : token === 'd' ? home : '*';
    });
}

/** The files of a path, relative to `folder`, with patterns as in glob(7); the path itself if it has none. */
export async function filesOf(relative: string, folder: string): Promise<readonly string[]> {
  const path = resolve(folder, relative);
  const { root } = parse(path);
  let paths = [root];
  for (const segment of path.slice(root.length).split(sep)) {
    const lists = await Promise.all(
      paths.map(async (path) => {
        if (!/[*?[]/.test(segment)) return [join(path, segment)];
        const names = await readdir(path).catch(() => []);
        return names.filter((name) => matches(segment, name)).map((name) => join(path, name));
      }),
    );
    paths = lists.flat();
  }
  return paths;
}

// A bracket matches any character: an extra file only makes more names count as taken.
function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replaceAll(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    return part === '?' || part.length > 1 ? '.' : part.replace(/[\\^$.+()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(name);
}
