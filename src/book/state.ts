import { join } from 'node:path';
import { definedFields } from '../base/group-by.js';
import type { Env } from '../base/runtime.js';
import { version as own } from '../base/version.js';
import { readText } from '../files/read-file.js';
import type { ListedMachine } from '../sources/merge.js';
import { isJsonObject, type JsonObject, parseJson } from '../sources/tools/json.js';
import { type KeptEnv, parseKeptEnv } from '../sources/trusted-env.js';
import { isForLine } from '../ssh/config/word.js';
import { stateFolder } from '../ssh/folder.js';
import { checkUserName, isOfProcess, isPlainHostName, isTargetWord } from '../typed/names.js';
import { parseUuid } from '../typed/numbers.js';

export type HostMachine = Pick<
  ListedMachine,
  'name' | 'target' | 'provider' | 'via' | 'uuid' | 'user' | 'identityFile' | 'authority'
>;

/** As whom ssh logs in to a machine, and what `vmssh setup` did for that. */
export interface MachineLogin {
  /** Undefined: the machine's own, by an sshd that is brought. */
  readonly user?: string | undefined;
  /** Undefined: the key is one of the agent's. */
  readonly identityFile?: string | undefined;
  /** Each login brings an sshd, if the machine has none. */
  readonly brings?: true;
  /** The machine that has it: another one, made again under its name, may lack the key. */
  readonly uuid?: string | undefined;
  /** A name that the user gave to it, though it was in known_hosts or in a Host of his. */
  readonly takes?: string | undefined;
  /** For `--undo`: its key was put there by a login of that user. */
  readonly byLogin?: true | undefined;
  /** And by sudo there. */
  readonly bySudo?: true | undefined;
  /** For `--undo`: setup pinned its host key. */
  readonly pinned?: true | undefined;
  /** For `--undo`: there were no lines for ssh before. */
  readonly first?: true | undefined;
  /** Only for `--undo`: sshd refused it. */
  readonly failed?: true;
}

/** All that is kept of a machine: what its source said of it, its Host, and what setup made. */
export interface MachineRecord extends HostMachine {
  /** Undefined: it has none, and is kept for its login. */
  readonly host?: string;
  /** The targets from other sources. */
  readonly also?: readonly string[];
  /** The day of the first listing that lacked it, as 2026-01-31: its name stays its own until `forget`. */
  readonly gone?: string;
  /** What its source has to be asked with, if a shell alone had it. */
  readonly environment?: KeptEnv;
  readonly login?: MachineLogin | undefined;
  /** Fields of a newer version, which stay as they are. */
  readonly more?: JsonObject;
}

/** A machine with a Host. */
export type HostEntry = MachineRecord & { readonly host: string };

export function hasHost(record: MachineRecord): record is HostEntry {
  return record.host !== undefined;
}

/** A record without a Host, and without what is only known of one. */
export function nameless({ host: _, also: __, environment: ___, gone: ____, ...record }: MachineRecord) {
  return record;
}

/** What `config install` decided and found: the lines for ssh are made from it, and nothing is read from those. */
export interface HostState {
  /** The settings that stay in effect, as hosts/options.ts keeps them: anything may be in there. */
  readonly options: JsonObject;
  readonly program: readonly string[];
  readonly machines: readonly MachineRecord[];
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
    .map(({ more, login, ...machine }) => ({ ...machine, login: login && loginIn(login), ...more }))
    .map((machine) => `\n  ${JSON.stringify(machine)}`)
    .join(',');
  const head = JSON.stringify({ version, vmssh: own, ...state, ...more }, null, 1).slice(0, -2);
  return `${head},\n "machines": [${lines}${lines === '' ? '' : '\n '}]\n}\n`;
}

const version = 2;

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
  const state = parsed(text);
  state.all ??= withEntries(state.head);
  return state.all;
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
  const entries = machines.flatMap((machine) => recordIn(Object(machine)) ?? []);
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
function recordIn(json: JsonObject): MachineRecord | undefined {
  const { name, also, authority, environment, login: made, ...others } = json;
  const texts = Object.fromEntries(textFields.map((field) => [field, plainText(json[field])]));
  const { host = '', target = '', provider = '', via, identityFile } = texts;
  const login = made === undefined ? undefined : loginIn(made);
  // The name is only printed, with such characters escaped.
  if (typeof name !== 'string' || target === '') return undefined;
  const isHost = isPlainHostName(host) || (host === target && isTargetWord(host));
  const isKept = json.host === undefined && login !== undefined;
  if (!(isHost || isKept) || !/^[a-z][a-z0-9-]*$/.test(provider)) return undefined;
  if (via !== undefined && !target.startsWith(`via/${via}/`)) return undefined;
  if (isOfProcess(target)) return undefined;
  return {
    ...(isHost ? { host, name, target, provider } : { name, target, provider }),
    ...definedFields({
      via,
      also: areTexts(also) && via === undefined ? also : undefined,
      ...{ uuid: parseUuid(texts.uuid ?? ''), user: userOf(texts.user), identityFile },
      authority: authority === 'user' ? authority : undefined,
      environment: via === undefined ? parseKeptEnv(provider, environment) : undefined,
      gone: /^\d{4}-\d\d-\d\d$/.exec(texts.gone ?? '')?.[0],
    }),
    ...(login && { login }),
    ...moreOf(Object.entries(others).filter(([field]) => !textFields.includes(field))),
  };
}

const flags = ['brings', 'byLogin', 'bySudo', 'pinned', 'first', 'failed'];

/** Its fields in one order: the state is compared as text. */
function loginIn(json: unknown): MachineLogin | undefined {
  const { user: name, uuid, identityFile, takes, ...others }: JsonObject = Object(json);
  const user = userOf(plainText(name));
  if (user === undefined && (name !== undefined || others.brings !== true)) return undefined;
  const known = {
    ...{ uuid: parseUuid(plainText(uuid) ?? ''), user, identityFile: plainText(identityFile) },
    takes: typeof takes === 'string' && isPlainHostName(takes) ? takes : undefined,
  };
  const set = flags.flatMap((flag) => (others[flag] === true ? [[flag, true] as const] : []));
  // Fields of a newer version stay.
  const more = Object.entries(others).filter(([field]) => !flags.includes(field));
  return { ...definedFields(known), ...Object.fromEntries([...set, ...more]) };
}

const textFields = 'host target provider via gone uuid user identityFile'.split(' ');

function moreOf(fields: readonly (readonly [string, unknown])[]): { readonly more?: JsonObject } {
  return fields.length === 0 ? {} : { more: Object.fromEntries(fields) };
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
