import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { quote } from '../../base/errors.js';
import { readTextSync } from '../../files/read-sync.js';
import { foldOf, hasControlCharacter, matchesPattern, slug } from '../../typed/names.js';
import { parseUuid } from '../../typed/numbers.js';
import type { Deps } from '../source.js';
import { sources } from '../sources.js';
import { isJsonObject, type JsonObject, parseJson } from '../tools/json.js';
import { ownEnv } from '../trusted-env.js';
import { configFolder } from '../trusted-path.js';

/** A source that the user or root has added: a line of a sources.json. docs/sources.md has the format. */
export interface OutsideLine {
  readonly name: string;
  readonly file: string;
  /** An absolute path, and its first arguments. */
  readonly command: readonly string[];
  /** Whether it also takes "find" and "start". */
  readonly find: boolean;
  readonly start: boolean;
  /** Patterns, one of which each of its machines' names has to match, as `foldOf` has them. */
  readonly names?: readonly string[];
  /** Private keys of its rows have to be below this. */
  readonly folder?: string;
  /** Why the line cannot be used, one clause: the source has no machines then. */
  readonly wrong?: string;
}

export interface OutsideLines {
  readonly lines: readonly OutsideLine[];
  /** What else is wrong with the files. */
  readonly problems: readonly FileProblem[];
}

interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly problem: string;
}

/** The places of sources.json, the user's first. None if a source runs us: we would run it again, without end. */
export function outsideFiles(
  env: Deps['env'],
  etcDir = '/etc',
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  if (platform === 'win32' || env.VMSSH_SOURCE) return [];
  const own = ownEnv(env);
  const folders = [...(own.HOME ? [configFolder(own, own.HOME)] : []), etcDir];
  return folders.map((folder) => join(folder, 'vmssh/sources.json'));
}

/** Reads them. Whether a file and its programs can be trusted is asked before one is run. */
export function readOutside(files: readonly string[]): OutsideLines {
  const lines = new Map<string, OutsideLine>();
  const problems: FileProblem[] = [];
  for (const file of files)
    try {
      for (const [name, line] of Object.entries(parseSources(readTextSync(file, maxBytes)).sources))
        if (!isOutsideName(name)) problems.push({ file, code: 'PROTOCOL', problem: nameRule(name) });
        else if (!lines.has(name)) lines.set(name, lineOf(name, file, Object(line)));
    } catch (error) {
      const { code = 'PROTOCOL', message } = error as NodeJS.ErrnoException;
      // As Node's own messages, without the code and the path, which are said beside it.
      const problem = message.replace(/^[A-Z\d]+: (.*), \w+ '.*'$/s, '$1');
      if (code !== 'ENOENT' && code !== 'ENOTDIR') problems.push({ file, code, problem });
    }
  return { lines: [...lines.values()], problems };
}

export const filesSource = 'sources.json';

let read: { readonly key: string; readonly lines: OutsideLines } | undefined;

/** The lines for this process. Read once, and only when a target or a list needs them; again if `anew`. */
export function outsideLines(env: Deps['env'] = process.env, anew = false): OutsideLines {
  // Each target that is parsed asks.
  const key = [env.HOME, env.XDG_CONFIG_HOME, env.VMSSH_SOURCE].join('\n');
  if (anew || read?.key !== key) {
    const { lines, problems } = readOutside(outsideFiles(env));
    read = { key, lines: { lines, problems: [...unusedFile(env), ...problems] } };
  }
  return read.lines;
}

/** The file of a home that others can change, as after `su`, or `chmod 777 ~`. */
function unusedFile(env: Deps['env']): readonly FileProblem[] {
  const { HOME, VMSSH_SOURCE } = env;
  if (!HOME || VMSSH_SOURCE || ownEnv(env).HOME) return [];
  const file = join(configFolder(env, HOME), 'vmssh/sources.json');
  const problem = `it is not used: others can change what is in ${HOME}`;
  return existsSync(file) ? [{ file, code: 'UNTRUSTED', problem }] : [];
}

/** Whether a source may have a machine that is called, or typed, so: an id is no name. */
export function mayHaveName(source: string, name: string): boolean {
  const { names } = outsideLines().lines.find((line) => line.name === source) ?? {};
  return names === undefined || parseUuid(name) !== undefined || isAmong(names, name);
}

/** Whether one of the patterns is for a name, however that is spelled. */
export function isAmong(patterns: readonly string[], name: string): boolean {
  const fold = foldOf(name);
  return patterns.some((each) => matchesPattern(fold, each));
}

/** Kinds and sources of vmssh, and what means something else before a separator. */
export const builtInWords: readonly string[] = [
  ...sources.map(({ name }) => name),
  ...['.host', 'unix', 'vsock', 'vsock-mux', 'machine', 'container', 'hvsock', 'via', 'outside'],
  ...['host', 'ssh', 'source', 'sources'],
];

/** Whether a word can be the name of such a source: no kind or source of vmssh itself has it. */
export function isOutsideName(word: string): boolean {
  return /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(word) && !builtInWords.includes(word);
}

/** The most bytes in a file, and sources. */
const maxBytes = 1 << 18;
const maxLines = 100;

/** What a sources.json has. Throws a SyntaxError if it cannot be used. */
export function parseSources(text: string): JsonObject & { readonly sources: JsonObject } {
  const json = parseJson(text);
  if (!isJsonObject(json) || json.version !== 1 || !isJsonObject(json.sources))
    throw new SyntaxError('expected { "version": 1, "sources": { NAME: { "command": [PROGRAM] } } }');
  if (Object.keys(json.sources).length > maxLines)
    throw new SyntaxError(`it has more than ${maxLines} sources`);
  return { ...json, sources: json.sources };
}

function nameRule(name: string): string {
  return `no source can be named ${quote(name)}: a name has 2 to 32 of a-z, 0-9 and "-", and is none of vmssh's own`;
}

function lineOf(name: string, file: string, json: JsonObject): OutsideLine {
  const { command, folder, names: given, find = false, start = false } = json;
  const words: readonly string[] = Array.isArray(command) && command.every(isWord) ? command : [];
  const is = { name, file, command: words, find: find === true, start: start === true };
  const wrong = (problem: string): OutsideLine => ({ ...is, command: [], wrong: problem });
  const texts = `texts, each of 1 to ${longestWord} characters without control characters`;
  if (words.length === 0) return wrong(`its "command" is not a list of ${texts}`);
  if (!isAbsolute(words[0] ?? ''))
    return wrong('its program must be an absolute path: neither PATH nor "~" is looked at');
  if (typeof find !== 'boolean' || typeof start !== 'boolean')
    return wrong('its "find" and "start" are true or false');
  const names = patternsIn(given);
  const signs = 'letters, digits, ".", "_", "-", "*" and "?", no "-" or "." first and no "-" last';
  if (names === null)
    return wrong(`its "names" must be a pattern, or a list of 1 to ${maxPatterns}: ${signs}`);
  if (folder !== undefined && (!isWord(folder) || !isAbsolute(folder)))
    return wrong('its "folder" must be an absolute path');
  return { ...is, names, folder };
}

const maxPatterns = 100;

/** Null: they are no patterns. */
function patternsIn(names: unknown): readonly string[] | null | undefined {
  if (names === undefined) return undefined;
  const all: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (all.length === 0 || all.length > maxPatterns || !all.every(isPattern)) return null;
  return all.map((each) => each.normalize('NFC').toLowerCase());
}

/** A text that a name without blanks and signs can match. */
function isPattern(value: unknown): value is string {
  if (!isWord(value)) return false;
  const name = value.normalize('NFC').replaceAll(/[*?]/g, 'x');
  return slug(name) === name;
}

const longestWord = 4096;

function isWord(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  return value.length <= longestWord && !hasControlCharacter(value);
}
