import { ConnectError, exitCode, exitCodeOf, printable } from '../errors.js';
import { type Io, UsageError } from './command.js';
import { styles } from './style.js';

/** Says on stderr why a command failed, one line and a hint, and tells its exit code. */
export async function explain(error: unknown, io: Io): Promise<number> {
  const style = await styles(io, 'stderr');
  const say = (text: string, hint?: string) => {
    io.err(
      `${style.red(`${io.program}:`)} ${text}\n${hint ? `${style.dim('hint:')} ${printable(hint)}\n` : ''}`,
    );
  };
  if (error instanceof ConnectError) {
    say(error.message, error.hint);
    return exitCodeOf(error);
  }
  if (error instanceof UsageError) {
    say(printable(error.message), error.hint ?? `see ${wordsOf(error, io)} --help`);
    return exitCode.usage;
  }
  if (isSystemError(error)) {
    say(printable(error.message));
    return exitCode.connect;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`a fault of vmssh itself: ${detail.split('\n').map(printable).join('\n')}`);
  return exitCode.connect;
}

function wordsOf({ command = '' }: UsageError, { program }: Io): string {
  return program === 'vmssh' ? `vmssh ${command}`.trim() : program;
}

/** A file that cannot be read or written, a full disk: the user's to mend, in the system's own words. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}
