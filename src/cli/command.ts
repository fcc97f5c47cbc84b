import type { Io } from '../process/io.js';

/** Command-line arguments, split but not yet parsed. */
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
  /** It can be given more than once. */
  readonly repeats?: true;
  /** For completion: the accepted values, or what they name. */
  readonly takes?: readonly string[] | 'target' | 'providers' | 'host';
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

/** The examples that help and man pages of a system show. */
export function examplesOn(
  platform: NodeJS.Platform,
  { examples, examplesOnWindows }: Command<unknown>,
): Command<unknown>['examples'] {
  return platform === 'win32' ? { ...examples, ...examplesOnWindows } : examples;
}

/** An option with the reader of its value. */
export interface Option<Value> extends OptionSpec {
  /** Throws a UsageError. */
  read(raw: RawArgs): Value;
}

/** The first word of each command, after the program's name. */
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

/** One command: pure `parse` from raw arguments to options, `run` to do it. */
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
  /** More, which only Windows shows. */
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
    const given = group.filter(({ long }) => raw.options[long] !== undefined).map(({ long }) => `--${long}`);
    if (given.length > 1) throw new UsageError(`${given.join(' and ')} cannot be used together`);
  }
  // A value that was a target, "--timeout mint", is the mistake, not the target that is missing then.
  for (const option of command.options) option.read(raw);
  return command.parse(raw, io);
}

/** Does the work of a command, and adds the command's name to a UsageError. */
export async function inCommand<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= name;
    throw error;
  }
}

/** Summaries of the command groups. */
export const groupSummaries: Readonly<Record<string, string>> = {
  config: 'let plain ssh use machine names: install, diff, uninstall',
  source: 'add the sources of sandboxes that vmssh has: list, add, remove (docs/sources.md)',
  guest: 'set up, check and undo sshd on vsock in a guest (docs/guest.md)',
  service: 'manage the Hyper-V socket services of Windows (docs/windows.md)',
};

/** Runs a command with its arguments; resolves to the exit code. */
export type Act = (command: Command<unknown>, raw: RawArgs) => Promise<number>;
