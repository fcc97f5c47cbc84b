import { createHash } from 'node:crypto';
import { type JsonObject, objectAt, parseJson } from '../../sources/tools/json.js';
import { settingsOf } from './settings.js';
import { configArgument } from './word.js';

/** Who wrote a file; "edited": ours, changed by somebody else. */
export type ConfigOwner = 'none' | 'ours' | 'edited' | 'foreign';

/** The first lines of files, by the command that writes them. */
const marks = {
  config:
    '# Written by vmssh: "vmssh config install" rewrites it, "vmssh config uninstall" removes it. Do not edit: ',
  forward:
    '# Written by vmssh: "vmssh forward --install" rewrites it, "vmssh forward --uninstall" removes it. Do not edit: ',
  source:
    '# Written by vmssh: "vmssh source add" rewrites it, "vmssh source remove" removes it. Do not edit: ',
} as const;
export type Writer = keyof typeof marks;

/** The text with a first line that `ownerOf` recognizes. */
export function signed(text: string, writer: Writer = 'config'): string {
  return `${marks[writer]}${digest(text)}\n${text}`;
}

/** The owner of a file with this content; undefined content: there is no file. */
export function ownerOf(content: string | undefined): ConfigOwner {
  if (content === undefined) return 'none';
  const mark = Object.values(marks).find((each) => content.startsWith(each));
  if (mark === undefined) return content.trim() === '' ? 'none' : 'foreign';
  const end = content.indexOf('\n');
  return digest(content.slice(end + 1)) === content.slice(mark.length, end) ? 'ours' : 'edited';
}

/** The lines, and in a comment on top the options that they were made with: for a state that is lost. A line each, as some ssh read no long ones. */
export function withOptions(lines: string, options: JsonObject): string {
  const text = JSON.stringify(options, null, 1);
  return `${aboutOptions}${text.replaceAll(/^/gm, '# ')}\n\n${lines}`;
}

const aboutOptions = '# The options of "vmssh config install", as a copy:\n';

export function optionsIn(content = ''): JsonObject {
  const [, comment = ''] = content.split(`\n${aboutOptions}`);
  if (comment === '' || ownerOf(content) !== 'ours') return {};
  const [text = ''] = comment.split('\n\n', 1);
  try {
    return objectAt(parseJson(text.replaceAll(/^# /gm, '')));
  } catch {
    return {};
  }
}

function digest(text: string): string {
  if (digested?.text !== text)
    digested = { text, digest: `sha256:${createHash('sha256').update(text).digest('base64url')}` };
  return digested.digest;
}

/** A run asks several times for that of the same lines, which may be megabytes. */
let digested: { readonly text: string; readonly digest: string } | undefined;

const about = '# Machines on this host: vmssh config install';

/** The line that must be above the first Host or Match of the main configuration. */
export function includeLine(include: Include): string {
  return `Include ${include.map(configArgument).join(' ')}`;
}

/** The names of our file in an Include: each for another ssh. */
export type Include = readonly string[];

/** The main configuration with the Include on top, unless it is there. In a new file no empty line follows: that shows later who made it. */
export function withInclude(
  before: string | undefined,
  include: Include,
  needed: readonly (readonly string[])[] = include.map((name) => [name]),
): string {
  const main = before ?? '';
  if (hasInclude(main, needed)) return main;
  const lines = [about, includeLine(include), ...(before === undefined ? [] : [''])].map(
    (line) => `${line}${lineEnd(main)}`,
  );
  const [, byteOrderMark = '', rest = ''] = /^(\ufeff?)(.*)$/s.exec(main) ?? [];
  return `${byteOrderMark}${lines.join('')}${rest}`;
}

/** The main configuration without what `withInclude` added; undefined: `withInclude` made the file. */
export function withoutInclude(main: string | undefined, include: Include): string | undefined {
  if (main === undefined) return undefined;
  const end = lineEnd(main);
  const ours = [about, includeLine(include)].map((line) => `${line}${end}`).join('');
  if (main === ours) return undefined;
  for (const added of [`${ours}${end}`, ours, `${includeLine(include)}${end}`]) {
    const at = `${end}${main}`.indexOf(`${end}${added}`);
    if (at >= 0) return main.slice(0, at) + main.slice(at + added.length);
    if (main.startsWith(`\ufeff${added}`)) return main.replace(added, '');
  }
  return main;
}

/** Whether a file is included for all hosts, above the first Host or Match, by one of the spellings of each name that is needed. */
export function hasInclude(main: string, needed: readonly (readonly string[])[]): boolean {
  const all = settingsOf(main);
  const end = all.findIndex(({ keyword }) => keyword === 'host' || keyword === 'match');
  const above = end < 0 ? all : all.slice(0, end);
  const included = above.flatMap(({ keyword, args }) => (keyword === 'include' ? args : []));
  return needed.every((spellings) => spellings.some((each) => included.includes(each)));
}

function lineEnd(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}
