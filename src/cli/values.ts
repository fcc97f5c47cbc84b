import { parsePort, sshPort } from '../address/port.js';
import { quote } from '../errors.js';
import { type RawArgs, UsageError } from './command.js';

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

/** The positional arguments, `least` to `most` of them. Throws a UsageError. */
export function positionals(raw: RawArgs, least: number, most: number, usage: string): readonly string[] {
  const count = raw.positionals.length;
  if (count >= least && count <= most) return raw.positionals;
  const got = count === 0 ? 'nothing' : raw.positionals.map(quote).join(' ');
  throw new UsageError(`expected ${usage}, got ${got}`);
}
