import type { Readable, Writable } from 'node:stream';

/** What a command may touch of its process; main.ts makes the real one. */
export interface Io {
  /** The name that the program was called by. */
  readonly program: 'vmssh' | 'vsock-nc';
  /** Results, to stdout. */
  out(text: string): void;
  /** Words, to stderr. */
  err(text: string): void;
  /** Whether stdin, stdout and stderr are terminals. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** How wide stdout is, if it is a terminal. */
  readonly columns?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** How to call this program again: its path, or an interpreter and a script. */
  readonly self: readonly string[];
  /** Stdin and stdout as streams: only where the addon cannot take descriptors 0 and 1 themselves. */
  streams(): { readonly input: Readable; readonly output: Writable };
  /** Aborted when nobody reads stdout any more, as behind "| head -1". */
  outputGone(): AbortSignal;
  /** Aborted by Ctrl-C, where a command asks for it. */
  interrupted(): AbortSignal;
  /** Keeps Ctrl-C from ending this process: what it talks to decides. */
  ignoreInterrupts(): void;
}

/** Arguments as they stand on the command line, split but not understood. */
export interface RawArgs {
  readonly positionals: readonly string[];
  /** By long name: the value, or true for a flag and for an option whose value may be left out. */
  readonly options: Readonly<Record<string, string | true>>;
}

export interface OptionSpec {
  /** Without dashes. */
  readonly long: string;
  readonly short?: string;
  /** The value's name for the help; absent: a flag. */
  readonly value?: string;
  /** The value may be left out, and is given with "=" only. */
  readonly optionalValue?: true;
  /** For completion: the words that it takes, or what they name. */
  readonly takes?: readonly string[] | 'target' | 'providers';
  readonly summary: string;
}

/** An option with the reader of its value. */
export interface Option<Value> extends OptionSpec {
  /** Throws a UsageError. */
  read(raw: RawArgs): Value;
}

/** One command: pure `parse` from raw arguments to options, `run` to do it. */
export interface Command<Options> {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments for the help, "HOST PORT". */
  readonly usage: string;
  readonly details?: string;
  readonly options: readonly Option<unknown>[];
  /** Of each of these groups at most one option may be given. */
  readonly exclusive?: readonly (readonly OptionSpec[])[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  /** Called by `understand`. Throws a UsageError. */
  parse(raw: RawArgs, io: Io): Options;
  /** Resolves to the exit code. */
  run(options: Options, io: Io): Promise<number>;
}

/** The command line is not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What mends it; undefined: the command's --help tells. */
  readonly hint: string | undefined;
  /** The command's name; undefined: the program's own arguments are meant. */
  command: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The command is understood and cannot be done: exit code 1. */
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

/** What a command makes of its arguments, whoever split them. Throws a UsageError. */
export function understand<T>(command: Command<T>, raw: RawArgs, io: Io): T {
  for (const group of command.exclusive ?? []) {
    const given = group.filter(({ long }) => raw.options[long] !== undefined).map(({ long }) => `--${long}`);
    if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`);
  }
  return command.parse(raw, io);
}

/** Does the work of a command: a UsageError from it learns the command's name. */
export async function inCommand<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= name;
    throw error;
  }
}
