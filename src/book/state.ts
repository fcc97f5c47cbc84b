import { join } from 'node:path';
import { readText } from '../files/read-file.js';
import { definedFields } from '../group-by.js';
import type { Env } from '../runtime.js';
import type { ListedMachine } from '../sources/merge.js';
import { isJsonObject, type JsonObject, parseJson } from '../sources/tools/json.js';
import { type KeptEnv, parseKeptEnv } from '../sources/trusted-env.js';
import { isForLine } from '../ssh/config/word.js';
import { stateFolder } from '../ssh/folder.js';
import { checkUserName, isOfProcess, isPlainHostName, isTargetWord } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';
import { version as own } from '../version.js';

export type HostMachine = Pick<
  ListedMachine,
  'name' | 'target' | 'provider' | 'via' | 'uuid' | 'user' | 'identityFile' | 'authority'
>;

export interface HostEntry extends HostMachine {
  readonly host: string;
  /** The targets from other sources. */
  readonly also?: readonly string[];
  /** The day of the first listing that lacked it, as 2026-01-31: its name stays its own until `forget`. */
  readonly gone?: string;
  /** What its source has to be asked with, if a shell alone had it. */
  readonly environment?: KeptEnv;
  /** Fields of a newer version, which stay as they are. */
  readonly more?: JsonObject;
}

/** What `config install` decided and found: the lines for ssh are made from it, and nothing is read from those. */
export interface HostState {
  /** The settings that stay in effect, as hosts/options.ts keeps them: anything may be in there. */
  readonly options: JsonObject;
  readonly program: readonly string[];
  readonly machines: readonly HostEntry[];
  /** Fields of a newer version, which stay as they are. */
  readonly more?: JsonObject;
}

export const noState: HostState = { options: {}, program: [], machines: [] };

/** Whose state it is, and on which system; undefined: this one. */
export interface StateOwner {
  readonly env: Env;
  readonly platform?: NodeJS.Platform;
}

export function stateFile(env: Env, platform: NodeJS.Platform = process.platform): string {
  return join(stateFolder(env, platform), 'hosts.json');
}

/** For those who only look: undefined if there is none that can be used. */
export async function readState(path: string): Promise<HostState | undefined> {
  return readText(path)
    .then((text) => parseState(text).state)
    .catch(() => undefined);
}

/** What `config install` wrote for this user. */
export function writtenState({ env, platform }: StateOwner): Promise<HostState | undefined> {
  return readState(stateFile(env, platform));
}

/** Only its settings, whatever machines it has: every list asks for them. */
export async function readOptions(path: string): Promise<HostState['options'] | undefined> {
  return readText(path)
    .then((text) => parsed(text).head.options)
    .catch(() => undefined);
}

/** One machine in each line. */
export function formatState({ machines, more, ...state }: HostState): string {
  const lines = machines
    .map(({ more, ...machine }) => `\n  ${JSON.stringify({ ...machine, ...more })}`)
    .join(',');
  const head = JSON.stringify({ version, vmssh: own, ...state, ...more }, null, 1).slice(0, -2);
  return `${head},\n "machines": [${lines}${lines === '' ? '' : '\n '}]\n}\n`;
}

const version = 1;

/** Which vmssh wrote a state of whatever version; undefined: it does not say. */
export function writerOf(text: string): string | undefined {
  try {
    return plainText(Object(parseJson(text)).vmssh);
  } catch {
    return undefined;
  }
}

/** The state in a file, and how many of its machines cannot be used. Throws a RangeError if it is none, or of a newer version. */
export function parseState(text: string): FoundState {
  const found = parsed(text);
  found.all ??= withEntries(found.head);
  return found.all;
}

interface FoundState {
  readonly state: HostState;
  readonly left: number;
}

type Head = Omit<HostState, 'machines'> & { readonly machines: readonly unknown[] };

// Several parts of one login read the same, and an engine without a JIT takes a while for the lines of many machines.
let last: { readonly text: string; readonly head: Head; all?: FoundState } | undefined;

function parsed(text: string) {
  if (last?.text !== text) last = { text, head: headOf(text) };
  return last;
}

function withEntries({ machines, ...head }: Head): FoundState {
  const entries = machines.flatMap((machine) => entryOf(Object(machine)) ?? []);
  return { state: { ...head, machines: entries }, left: machines.length - entries.length };
}

/** The same, of whose machines nothing is read yet. */
function headOf(text: string): Head {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {}
  if (!isJsonObject(json)) throw new RangeError('it is not JSON of vmssh');
  const { version: found, vmssh: _, options, program, machines, ...rest } = json;
  if (typeof found === 'number' && found > version) {
    const writer = plainText(json.vmssh) ?? 'a newer one';
    throw new RangeError(
      `it is of version ${found}, by vmssh ${writer}: vmssh ${own} knows version ${version}`,
    );
  }
  if (found !== version)
    throw new RangeError(`expected version ${version}, got ${String(JSON.stringify(found)).slice(0, 40)}`);
  if (!isJsonObject(options) || !areTexts(program) || !Array.isArray(machines))
    throw new RangeError('it lacks its options, its program or its machines');
  return { options, program, machines, ...moreOf(Object.entries(rest)) };
}

/** Undefined if ssh's configuration cannot have it. Another user's HOME may have a file with anything in it. */
function entryOf(json: JsonObject): HostEntry | undefined {
  const { name, also, authority, environment, ...others } = json;
  const texts = Object.fromEntries(textFields.map((field) => [field, plainText(json[field])]));
  const { host = '', target = '', provider = '', via, identityFile } = texts;
  // The name is only printed, with such characters escaped.
  if (typeof name !== 'string' || target === '') return undefined;
  const isHost = isPlainHostName(host) || (host === target && isTargetWord(host));
  if (!isHost || !/^[a-z][a-z0-9-]*$/.test(provider)) return undefined;
  if (via !== undefined && !target.startsWith(`via/${via}/`)) return undefined;
  if (isOfProcess(target)) return undefined;
  return {
    ...{ host, name, target, provider },
    ...definedFields({
      via,
      also: areTexts(also) && via === undefined ? also : undefined,
      ...{ uuid: parseUuid(texts.uuid ?? ''), user: userOf(texts.user), identityFile },
      authority: authority === 'user' ? authority : undefined,
      environment: via === undefined ? parseKeptEnv(provider, environment) : undefined,
      gone: dayIn(texts.gone),
    }),
    ...moreOf(Object.entries(others).filter(([field]) => !textFields.includes(field))),
  };
}

const textFields = 'host target provider via gone uuid user identityFile'.split(' ');

function moreOf(fields: readonly (readonly [string, unknown])[]): { readonly more?: JsonObject } {
  return fields.length === 0 ? {} : { more: Object.fromEntries(fields) };
}

function dayIn(text = ''): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.exec(text)?.[0];
}

/** A name that may be an account's; undefined: it is none. */
export function userOf(user: string | undefined): string | undefined {
  try {
    return user === undefined ? undefined : checkUserName(user);
  } catch {
    return undefined;
  }
}

const maxLength = 4096;

/** A text that a line for ssh may have; undefined: it is none. */
export function plainText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > maxLength) return undefined;
  return isForLine(value) ? value : undefined;
}

/** The texts in a list that anybody may have written. */
export function textsIn(kept: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(kept) ? kept : [];
  return all.filter((each) => typeof each === 'string');
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
