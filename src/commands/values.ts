import { parsePort, sshPort } from '../address/port.js';
import { quote } from '../errors.js';
import { type RawArgs, UsageError } from './command.js';

/** Milliseconds from an option in seconds, "1.5"; undefined where it was not given. Throws a UsageError. */
export function secondsOption(raw: RawArgs, name: string): number | undefined {
  const value = raw.options[name];
  if (value === undefined || value === true) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds > 0 && seconds <= longest)) {
    throw new UsageError(`--${name} takes seconds from 0.001 to ${longest}, not ${quote(value)}`);
  }
  return Math.max(1, Math.round(seconds * 1000));
}

/** A day: more would overflow a timer sooner or later and help nobody. */
const longest = 86400;

/** A port argument, 22 where it is absent. Which ports a kind has is checked with the target. Throws a UsageError. */
export function portArgument(text: string | undefined): number {
  return text === undefined ? sshPort : usage(() => parsePort(text));
}

/** A RangeError is the caller's mistake: thrown as a UsageError. */
export function usage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/** The port by --port, or after the target; undefined if it was not given. Throws a UsageError. */
export function givenPort({ options }: RawArgs, after: string | undefined): string | undefined {
  const { port } = options;
  if (typeof port !== 'string') return after;
  if (after === undefined) return port;
  throw new UsageError(`the port is there twice: ${quote(after)} and --port ${quote(port)}`);
}

/** Exactly the positional arguments that are wanted. Throws a UsageError. */
export function positionals(raw: RawArgs, least: number, most: number, usage: string): readonly string[] {
  const count = raw.positionals.length;
  if (count >= least && count <= most) return raw.positionals;
  const got = count === 0 ? 'nothing' : raw.positionals.map(quote).join(' ');
  throw new UsageError(`expected ${usage}, got ${got}`);
}
