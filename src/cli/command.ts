import { quote } from '../base/errors.js';
import type { Io } from '../process/io.js';
import { parsePort, sshPort } from '../typed/numbers.js';

export interface RawArgs {
  readonly positionals: readonly string[];
  /** By long name: the value, or true for a flag or an option whose optional value is missing; all values of one that repeats. */
  readonly options: Readonly<Record<string, string | true | readonly string[] | undefined>>;
}

export interface OptionSpec {
  /** Without dashes. */
  readonly long: string;
  readonly short?: string;
  /** The value's name for the help; absent: a flag. */
  readonly value?: string;
  /** The value is optional, and can only be given with "=". */
  readonly optionalValue?: true;
  readonly repeats?: true;
  /** For completion: the accepted values, or what they name. */
  readonly takes?: readonly string[] | 'target' | 'sources' | 'host';
  readonly summary: string;
  /** Shown only on this system: see `shownOn`. */
  readonly platform?: NodeJS.Platform;
}

/** What help, completion and man pages of a system show: all but what another system's users need. All of it is read on each. */
export function shownOn<T extends { readonly platform?: NodeJS.Platform }>(
  platform: NodeJS.Platform,
  all: readonly T[],
): readonly T[] {
  return all.filter((each) => (each.platform ?? platform) === platform);
}

export function examplesOn(platform: NodeJS.Platform, { examples, examplesOnWindows }: Command<unknown>) {
  return platform === 'win32' ? { ...examples, ...examplesOnWindows } : examples;
}

export interface Option<Value> extends OptionSpec {
  /** Throws a UsageError. */
  read(raw: RawArgs): Value;
}

export const commandWords = [
  'list',
  'ssh',
  'scp',
  'sftp',
  'rsync',
  'forward',
  'config',
  'source',
  'inventory',
  'completion',
  'doctor',
  'check',
  'forget',
  'guest',
  'setup',
  'proxy',
  'nc',
  'guid',
  'port',
  'service',
] as const;
type CommandWord = (typeof commandWords)[number];

/** One command: `parse`, which is pure, from raw arguments to options, and `run` to do it. */
export interface Command<Options> {
  /** "host-key" is ssh's only, and in no help. */
  readonly name: CommandWord | `${CommandWord} ${string}` | 'host-key' | 'host-keys';
  readonly summary: string;
  /** Positional arguments for the help, "HOST PORT". */
  readonly usage: string;
  readonly details?: string;
  readonly options: readonly Option<unknown>[];
  /** At most one option of each group may be given. */
  readonly exclusive?: readonly (readonly OptionSpec[])[];
  /** Command lines, each with what it does. */
  readonly examples: Readonly<Record<string, string>>;
  readonly examplesOnWindows?: Command<unknown>['examples'];
  /** Called by `understand`. Throws a UsageError. */
  parse(raw: RawArgs, io: Io): Options;
  /** Resolves to the exit code. */
  run(options: Options, io: Io): Promise<number>;
}

/** An invalid command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The fix; undefined: see the command's --help. */
  readonly hint: string | undefined;
  /** The command's name; undefined: the error is about the program's own arguments. */
  command: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A valid command that failed: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, problem: string, hint?: string) {
    super(problem);
    this.code = code;
    this.hint = hint;
  }
}

/** Parses a command's arguments, whichever parser split them. Throws a UsageError. */
export function understand<T>(command: Command<T>, raw: RawArgs, io: Io): T {
  for (const group of command.exclusive ?? []) {
    const given = group.filter(({ long }) => raw.options[long] !== undefined);
    if (given.length > 1)
      throw new UsageError(`${given.map(({ long }) => `--${long}`).join(' and ')} cannot be used together`);
  }
  // A value that was a target, "--timeout mint", is the mistake, not the target that is missing then.
  for (const option of command.options) if (raw.options[option.long] !== undefined) option.read(raw);
  return command.parse(raw, io);
}

export async function inCommand<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= name;
    throw error;
  }
}

export const groupSummaries: Readonly<Record<string, string>> = {
  config: 'let plain ssh use machine names: install, diff, uninstall',
  source: 'add the sources of sandboxes that vmssh has: list, add, remove (docs/sources.md)',
  guest: 'set up, check and undo sshd on vsock in a guest (docs/guest.md)',
  service: 'manage the Hyper-V socket services of Windows (docs/windows.md)',
};

export type Act = (command: Command<unknown>, raw: RawArgs) => Promise<number>;

type Valued = Omit<OptionSpec, 'optionalValue' | 'repeats'> & { readonly value: string };

export function flag(spec: OptionSpec): Option<boolean> {
  return { ...spec, read: ({ options }) => options[spec.long] === true };
}

/** `-v`; the summary says what it shows. */
export function verbose(summary: string): Option<boolean> {
  return flag({ long: 'verbose', short: 'v', summary });
}

/** An option whose value `parse` reads; undefined if it was not given. A RangeError of `parse` is a usage error. */
export function parsed<T>(spec: Valued, parse: (text: string) => T): Option<T | undefined> {
  return {
    ...spec,
    read({ options }) {
      const text = options[spec.long];
      return typeof text === 'string' ? usage(() => parse(text)) : undefined;
    },
  };
}

export function repeated<T>(spec: Valued, parse: (text: string) => T): Option<readonly T[]> {
  return {
    ...spec,
    repeats: true,
    read({ options }) {
      const texts = options[spec.long];
      return Array.isArray(texts) ? usage(() => texts.map(parse)) : [];
    },
  };
}

export function textOption(spec: Valued): Option<string | undefined> {
  return parsed(spec, (typed) => typed);
}

type Seconds = Omit<Valued, 'value'> & { readonly leftOut?: number };

/** An option in seconds, "1.5", read as milliseconds. With `leftOut` the value is optional, and that is its default. */
export function seconds({ leftOut, ...spec }: Seconds): Option<number | undefined> {
  const option = parsed({ ...spec, value: 'SECONDS' }, (typed) => milliseconds(spec.long, typed));
  if (leftOut === undefined) return option;
  const read: typeof option.read = (raw) => (raw.options[spec.long] === true ? leftOut : option.read(raw));
  return { ...option, optionalValue: true, read };
}

function milliseconds(long: string, typed: string): number {
  const value = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(value > 0 && value <= maxSeconds)) {
    throw new UsageError(`--${long} takes seconds from 0.001 to ${maxSeconds}, not ${quote(typed)}`);
  }
  return Math.max(1, Math.round(value * 1000));
}

/** A day; timers overflow at 24 days. */
const maxSeconds = 86400;

type Choice<C> = Valued & { readonly choices: readonly C[] };

export function oneOf<const C extends string>({ choices, ...spec }: Choice<C>): Option<C | undefined> {
  return parsed({ takes: choices, ...spec }, (typed) => choose(spec.long, 'one', choices, typed));
}

export function listOf<const C extends string>({
  choices,
  ...spec
}: Choice<C>): Option<readonly C[] | undefined> {
  return parsed({ takes: choices, ...spec }, (typed) =>
    typed.split(',').map((word) => choose(spec.long, 'any', choices, word)),
  );
}

/** The typed one of `choices`. Throws a UsageError. */
export function choose<C extends string>(
  long: string,
  howMany: 'one' | 'any',
  choices: readonly C[],
  typed: string,
): C {
  const choice = choices.find((each) => each === typed);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${long} takes ${howMany} of ${choices.join(', ')}, not ${quote(typed)}`);
}

type Options = Readonly<Record<string, Option<unknown>>>;

export type Read<T extends Options> = {
  readonly [Name in keyof T]: T[Name] extends Option<infer Value> ? Value : never;
};

/** Reads several options at once. Throws a UsageError. */
export function readAll<T extends Options>(raw: RawArgs, options: T): Read<T> {
  const read: Record<string, unknown> = {};
  for (const name of Object.keys(options)) read[name] = options[name]?.read(raw);
  return read as Read<T>;
}

export const portOption = parsed(
  { long: 'port', short: 'p', value: 'PORT', summary: 'the port in the machine (default 22)' },
  (text) => parsePort(text),
);

/** The port from --port or from after the target; undefined if it was not given. Throws a UsageError. */
export function givenPort(raw: RawArgs, after: string | undefined): number | undefined {
  const port = portOption.read(raw);
  if (after === undefined) return port;
  if (port !== undefined) throw new UsageError(`the port is given twice: ${quote(after)} and --port ${port}`);
  return usage(() => parsePort(after));
}

/** A port argument, 22 if it is absent. The target checks which ports its kind has. Throws a UsageError. */
export function portArgument(text: string | undefined): number {
  return text === undefined ? sshPort : usage(() => parsePort(text));
}

/** Throws a RangeError as a UsageError. */
export function usage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/** The positional arguments, `min` to `max` of them. Throws a UsageError. */
export function positionals(raw: RawArgs, min: number, max: number, usage: string): readonly string[] {
  const count = raw.positionals.length;
  if (count >= min && count <= max) return raw.positionals;
  const got = count === 0 ? 'nothing' : raw.positionals.map(quote).join(' ');
  throw new UsageError(`expected ${usage}, got ${got}`);
}

/** Splits arguments by a command's options, for the proxy. Undefined if the full parser is needed: --help, a mistake. Throws a UsageError. */
export function scanArgs(specs: readonly OptionSpec[], args: readonly string[]): RawArgs | undefined {
  const positionals: string[] = [];
  const options: Record<string, RawArgs['options'][string]> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return { positionals: [...positionals, ...args.slice(i + 1)], options };
    if (!arg.startsWith('-') || arg === '-') {
      positionals.push(arg);
      continue;
    }
    const isLong = arg.startsWith('--');
    const sign = isLong ? arg.indexOf('=') : -1;
    const given = sign < 0 ? undefined : arg.slice(sign + 1);
    const name = arg.slice(isLong ? 2 : 1, sign < 0 ? undefined : sign);
    const spec = specs.find((each) => (isLong ? each.long : each.short) === name);
    if (!spec) return undefined;
    if (spec.value === undefined || spec.optionalValue) {
      if (given !== undefined && spec.value === undefined) return undefined;
      if (given === undefined && spec.optionalValue) refuseApart(spec, arg, args[i + 1]);
      options[spec.long] = given ?? true;
    } else {
      const value = given ?? args[++i];
      if (value === undefined) return undefined;
      const before = options[spec.long];
      options[spec.long] = spec.repeats ? [...(Array.isArray(before) ? before : []), value] : value;
    }
  }
  return { positionals, options };
}

/** An optional value needs "=": the 5 of "--wait 5" would be taken for a target. Throws a UsageError. */
export function refuseApart({ long }: OptionSpec, typed: string, next?: string): void {
  if (next === undefined || !/^\d+(\.\d+)?$/.test(next)) return;
  throw new UsageError(
    `--${long} needs "=" before its value: got "${typed} ${next}"`,
    `--${long}=${next}, or ${typed} at the end if ${next} is not its value`,
  );
}
