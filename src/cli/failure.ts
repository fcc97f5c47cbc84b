import { posix, win32 } from 'node:path';
import { ConnectError, exitCode, exitCodeOf } from '../base/errors.js';
import { isOutOfMemory } from '../base/native.js';
import { memoryHint, systemFailure } from '../connect/failures/failure.js';
import { realPath } from '../files/read-sync.js';
import type { Io } from '../process/io.js';
import { shellLine, shellOf } from '../typed/shell.js';
import { CommandError, commandWords, UsageError } from './command.js';
import type { FailureJson } from './json.js';

/** A fix whose vmssh commands can be pasted into this shell, even if PATH has no vmssh: the program's name before a command is replaced. */
export function pasteable(fix: string, caller: StartedAs): string {
  // What another host, or a distribution, has is called as it is there.
  if (/^on \S+: /.test(fix)) return fix;
  return fix.replaceAll(ourCommand, (name) => calledAs(name as Io['program'], caller));
}

const ourCommand = new RegExp(
  `(?<![\\w/.-])(?<!wsl -d DISTRO )(?:vmssh|vsock-nc)(?= (?:--help|${commandWords.join('|')})(?![\\w-]))`,
  'g',
);

interface CommandFailure {
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly json: FailureJson;
  /** The stack of a bug in vmssh, one line each. */
  readonly stack: readonly string[];
}

export function failureOf(error: unknown, io: { readonly program: Io['program'] }): CommandFailure {
  if (error instanceof ConnectError) {
    const { message, hint } = error;
    return { message, hint, exitCode: exitCodeOf(error), json: connectFailure(error), stack: [] };
  }
  if (error instanceof UsageError) {
    const { message, hint = `see ${commandOf(error, io)} --help` } = error;
    return { ...plain('USAGE', message, hint), exitCode: exitCode.usage };
  }
  if (error instanceof CommandError) return plain(error.code, error.message, error.hint);
  if (isSystemError(error)) {
    const { message, hint } = systemFailure(error);
    return plain(error.code ?? 'UNKNOWN', message, hint);
  }
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

export function connectFailure({ op, target, code, problem, hint, reason }: ConnectError): FailureJson {
  return { op, target, code, problem, hint, reason };
}

function plain(code: string, message: string, hint?: string): CommandFailure {
  return { message, hint, exitCode: exitCode.connect, json: { code, problem: message, hint }, stack: [] };
}

function commandOf({ command = '' }: UsageError, { program }: { readonly program: Io['program'] }): string {
  return program === 'vmssh' ? `vmssh ${command}`.trim() : program;
}

/** A system error that the user has to fix, such as an unreadable file or a full disk. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}

export type StartedAs = Pick<Io, 'self' | 'env' | 'platform'>;

/** What to type to call `program` from `folder`: its name if PATH finds this same program, else as this one was started. */
export function calledAs(
  program: 'vmssh' | 'vsock-nc',
  { self, env, platform }: StartedAs,
  folder: string | undefined = currentFolder(),
  fileAt: (path: string) => string | undefined = realPath,
): string {
  // Typed inside WSL, where a path of Windows could not be pasted.
  if (platform === 'win32' && env.VMSSH_CALLED_AS) return env.VMSSH_CALLED_AS;
  const path = platform === 'win32' ? win32 : posix;
  const own = self.at(-1) ?? program;
  // The package's other program is in the same folder.
  const file = path.join(path.dirname(own), path.basename(own).replace(/^(vmssh|vsock-nc)(?=\.|$)/, program));
  const onPath = (name: string, wanted: readonly (string | undefined)[]) =>
    (env.PATH ?? env.Path ?? '')
      .split(path.delimiter)
      .map((each) => (each === '' ? undefined : fileAt(path.join(each, name))))
      .some((code) => code !== undefined && wanted.includes(code));
  const ending = platform === 'win32' ? '.exe' : '';
  // One executable can be both, by links.
  if (onPath(program + ending, [fileAt(file), fileAt(own)]) || fileAt(file) === undefined) return program;
  const interpreters = self.slice(0, -1).map((each) => {
    const name = path.basename(each, ending);
    return onPath(name + ending, [fileAt(each)]) ? name : each;
  });
  const words = [...interpreters, near(file, folder, interpreters.length === 0, path)];
  return shellLine(words, shellOf({ platform, env }));
}

// Shortened if it is below the folder. A path that is run itself needs a slash, or the shell would search PATH for it.
function near(file: string, folder: string | undefined, isRun: boolean, path: typeof posix): string {
  // A first slash that is left out is lost in a log.
  if (folder === undefined || folder === path.dirname(folder)) return file;
  const relative = path.relative(folder, file);
  if (relative.startsWith('..') || path.isAbsolute(relative)) return file;
  return isRun && !relative.includes(path.sep) ? `.${path.sep}${relative}` : relative;
}

/** Undefined if it was removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
