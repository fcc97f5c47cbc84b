import { exhaustion, memoryHint } from '../connect/failures/exhausted.js';
import { ConnectError, exitCode, exitCodeOf } from '../errors.js';
import { isOutOfMemory } from '../native.js';
import { CommandError, type Io, UsageError } from './command.js';
import type { FailureJson } from './json.js';

/** Why a command failed, for people and for scripts. */
export interface CommandFailure {
  /** One line. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly json: FailureJson;
  /** The stack of a bug in vmssh, one line each. */
  readonly stack: readonly string[];
}

/** Handles anything that was thrown. */
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
  if (isSystemError(error))
    return plain(error.code ?? 'UNKNOWN', error.message, exhaustion(error.code)?.hint);
  if (error instanceof Error && error.name === 'AbortError')
    return { ...plain('INTERRUPTED', 'interrupted'), exitCode: exitCode.interrupted };
  if (isOutOfMemory(error)) return plain('ENOMEM', 'not enough memory', memoryHint);
  const detail = error instanceof Error ? stackOf(error) : String(error);
  const [first = '', ...stack] = detail.split('\n');
  return { ...plain('FAULT', `a bug in vmssh: ${first}`), stack };
}

// The engine's stack begins with the first place, Node's with the error.
function stackOf(error: Error): string {
  const { stack = '' } = error;
  return stack.startsWith(error.name) ? stack : `${error}\n${stack}`;
}

/** A ConnectError for JSON. */
export function connectFailure({ op, target, code, problem, hint, reason }: ConnectError): FailureJson {
  return { op, target, code, problem, hint, reason };
}

function plain(code: string, message: string, hint?: string): CommandFailure {
  return { message, hint, exitCode: exitCode.connect, json: { code, problem: message, hint }, stack: [] };
}

function commandOf({ command = '' }: UsageError, { program }: Pick<Io, 'program'>): string {
  return program === 'vmssh' ? `vmssh ${command}`.trim() : program;
}

/** A system error that the user has to fix, such as an unreadable file or a full disk. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}
