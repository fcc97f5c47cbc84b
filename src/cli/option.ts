import { quote } from '../errors.js';
import { type Option, type OptionSpec, UsageError } from './command.js';
import { usage } from './values.js';

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
  if (!(value > 0 && value <= longest)) {
    throw new UsageError(`--${long} takes seconds from 0.001 to ${longest}, not ${quote(typed)}`);
  }
  return Math.max(1, Math.round(value * 1000));
}

/** A day; timers overflow at 24 days. */
const longest = 86400;
