import { quote } from '../errors.js';
import { parsePort, sshPort } from '../target/numbers.js';
import { type Option, type OptionSpec, type RawArgs, UsageError } from './command.js';

type Valued = Omit<OptionSpec, 'optionalValue' | 'repeats'> & { readonly value: string };

/** An option without a value: whether it was given. */
export function flag(
  spec: Omit<OptionSpec, 'value' | 'optionalValue' | 'repeats' | 'takes'>,
): Option<boolean> {
  return { ...spec, read: ({ options }) => options[spec.long] === true };
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

/** An option that can be given more than once: the values that `parse` reads, in order. */
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

/** An option that takes any text. */
export function textOption(spec: Valued): Option<string | undefined> {
  return parsed(spec, (typed) => typed);
}

/** An option in seconds, "1.5", read as milliseconds. With `leftOut` the value is optional, and that is its default. */
export function seconds({
  leftOut,
  ...spec
}: Omit<Valued, 'value'> & { readonly leftOut?: number }): Option<number | undefined> {
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

/** An option that takes one of a few values, which completion offers; undefined if it was not given. */
export function oneOf<const C extends string>({ choices, ...spec }: Choice<C>): Option<C | undefined> {
  return parsed({ takes: choices, ...spec }, (typed) => choose(spec.long, 'one', choices, typed));
}

/** An option that takes a comma-separated list of a few values. */
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
  const found = choices.find((each) => each === typed);
  if (found !== undefined) return found;
  throw new UsageError(`--${long} takes ${howMany} of ${choices.join(', ')}, not ${quote(typed)}`);
}

type Options = Readonly<Record<string, Option<unknown>>>;

/** What options say, by their names in `T`. */
export type Read<T extends Options> = {
  readonly [Name in keyof T]: T[Name] extends Option<infer Value> ? Value : never;
};

/** Reads several options at once. Throws a UsageError. */
export function readAll<T extends Options>(raw: RawArgs, options: T): Read<T> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, option.read(raw)]),
  ) as Read<T>;
}

/** For the commands that connect to a machine. */
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
