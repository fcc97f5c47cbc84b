import { ConnectError, exitCode, exitCodeOf } from '../errors.js';
import { CommandError, type Io, UsageError } from './command.js';
import type { FailureJson } from './json.js';

/** What a command failed with, for people and for scripts. */
export interface CommandFailure {
  /** One line. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly json: FailureJson;
  /** Where a fault of our own comes from, a line each. */
  readonly stack: readonly string[];
}

/** Understands anything that was thrown. */
export function failureOf(error: unknown, io: Pick<Io, 'program'>): CommandFailure {
  if (error instanceof ConnectError) {
    const { message, hint } = error;
    return { message, hint, exitCode: exitCodeOf(error), json: connectFailure(error), stack: [] };
  }
  if (error instanceof UsageError) {
    const { message, hint = `see ${commandOf(error, io)} --help` } = error;
    return { ...plain('USAGE', message, hint), exitCode: exitCode.usage };
  }
  if (error instanceof CommandError) return plain(error.code, error.message, error.hint);
  if (isSystemError(error)) return plain(error.code ?? 'UNKNOWN', error.message);
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const [first = '', ...stack] = detail.split('\n');
  return { ...plain('FAULT', `a fault of vmssh itself: ${first}`), stack };
}

/** A ConnectError as JSON has it. */
export function connectFailure({ op, target, code, problem, hint, reason }: ConnectError): FailureJson {
  return { op, target, code, problem, hint, reason };
}

function plain(code: string, message: string, hint?: string): CommandFailure {
  return { message, hint, exitCode: exitCode.connect, json: { code, problem: message, hint }, stack: [] };
}

function commandOf({ command = '' }: UsageError, { program }: Pick<Io, 'program'>): string {
  return program === 'vmssh' ? `vmssh ${command}`.trim() : program;
}

/** A file that cannot be read or written, a full disk: the user's to fix, in the system's own words. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}
