import { printable } from '../errors.js';
import { calledAs, type StartedAs } from './called-as.js';
import { commandWords, type Io } from './command.js';
import { failureOf } from './failure.js';
import { styles } from './style.js';

/** Prints on stderr why a command failed, one line and a hint. Resolves to its exit code. */
export async function explain(error: unknown, io: Io): Promise<number> {
  const { message, hint, exitCode, stack } = failureOf(error, io);
  await complain(message, hint, io);
  io.err(stack.map((line) => `${printable(line)}\n`).join(''));
  return exitCode;
}

/** Prints a line on stderr, and a second one with the fix. */
export async function complain(problem: string, hint: string | undefined, io: Io): Promise<void> {
  const style = await styles(io, 'stderr');
  io.err(`${style.red(`${io.program}:`)} ${printable(problem)}\n`);
  if (hint) io.err(`${style.dim('hint:')} ${printable(pasteable(hint, io))}\n`);
}

/**
 * A fix whose vmssh commands can be pasted into this shell, even if PATH has no vmssh. A fix is plain text, for JSON and
 * the library too: only the program's name before a command is replaced.
 */
export function pasteable(fix: string, caller: StartedAs): string {
  return fix.replaceAll(ourCommand, (name) => calledAs(name as Io['program'], caller));
}

const ourCommand = new RegExp(
  `(?<![\\w/.-])(?:vmssh|vsock-nc)(?= (?:--help|${commandWords.join('|')})(?![\\w-]))`,
  'g',
);
