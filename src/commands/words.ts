import { ConnectError, exitCode, exitCodeOf, printable } from '../errors.js';
import { type Caller, calledAs } from './called-as.js';
import { type Io, UsageError } from './command.js';
import { styles } from './style.js';

/** Says on stderr why a command failed, one line and a hint, and tells its exit code. */
export async function explain(error: unknown, io: Io): Promise<number> {
  if (error instanceof ConnectError) {
    await complain(error.message, error.hint, io);
    return exitCodeOf(error);
  }
  if (error instanceof UsageError) {
    await complain(error.message, error.hint ?? `see ${wordsOf(error, io)} --help`, io);
    return exitCode.usage;
  }
  if (isSystemError(error)) {
    await complain(error.message, undefined, io);
    return exitCode.connect;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const [first = '', ...rest] = detail.split('\n').map(printable);
  await complain(`a fault of vmssh itself: ${first}`, undefined, io);
  io.err(rest.map((line) => `${line}\n`).join(''));
  return exitCode.connect;
}

/** One line on stderr, and a second one with what mends it. */
export async function complain(problem: string, hint: string | undefined, io: Io): Promise<void> {
  const style = await styles(io, 'stderr');
  io.err(`${style.red(`${io.program}:`)} ${printable(problem)}\n`);
  if (hint) io.err(`${style.dim('hint:')} ${printable(pasteable(hint, io))}\n`);
}

/** A cure whose commands of ours can be pasted into this shell, where PATH may have no vmssh. */
export function pasteable(cure: string, caller: Caller): string {
  return cure.replaceAll(ourCommand, (name) => calledAs(name as Io['program'], caller));
}

const ourCommand = new RegExp(
  `(?<![\\w/.-])(?:vmssh|vsock-nc)(?= (?:--help|${[
    ...[
      'list',
      'ssh',
      'scp',
      'sftp',
      'rsync',
      'proxy',
      'check',
      'nc',
      'resolve',
      'forget',
      'config',
      'completion',
    ],
    ...['doctor', 'guest', 'guid', 'port', 'service'],
  ].join('|')})(?![\\w-]))`,
  'g',
);

function wordsOf({ command = '' }: UsageError, { program }: Io): string {
  return program === 'vmssh' ? `vmssh ${command}`.trim() : program;
}

/** A file that cannot be read or written, a full disk: the user's to mend, in the system's own words. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}
