import type { Shell } from '../../address/shell.js';
import { shellLine } from '../../address/shell-word.js';
import { withToolFolders } from '../../discovery/tools/tool-folders.js';
import { ConnectError, quote, type StartCommand } from '../../errors.js';
import { type ApartEnd, runApart } from '../../process/run-apart.js';
import type { Trace } from '../../reach.js';

export interface RunStartOptions {
  /** The target as typed. */
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For the commands in messages. */
  readonly shell: Shell;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

/**
 * Runs the manager's command. One that fails is no failure if the machine is not off any more: somebody else has started it.
 * Throws a ConnectError NOT_STARTED or INTERRUPTED.
 */
export async function runStart(
  start: StartCommand,
  isOff: () => Promise<boolean>,
  { text, env, shell, timeoutMs, signal, trace }: RunStartOptions,
): Promise<void> {
  const line = shellLine(start.command, shell);
  const onStart = () => trace('wait', `starting ${quote(start.machine)}: ${line}`);
  const fail = (why: string, hint: string, cause?: unknown) =>
    new ConnectError('connect', text, {
      code: 'NOT_STARTED',
      problem: `${quote(start.machine)} could not be started: ${why}`,
      hint,
      cause,
    });
  const own = withToolFolders(env);
  const end: ApartEnd = await runApart(start.command, { env: own, timeoutMs, signal, onStart }).catch(
    (error) => {
      const why = error.code === 'ENOENT' ? 'it is not installed, or not in PATH' : error.message;
      throw fail(
        `${quote(start.command[0] ?? '')} could not be run: ${why}`,
        `install it, or start the machine yourself`,
        error,
      );
    },
  );
  if ('left' in end) {
    if (end.left === 'aborted')
      throw new ConnectError('connect', text, { code: 'INTERRUPTED', problem: 'interrupted' });
    throw fail(`${line} has not ended in time, and goes on`, 'give it more time: --wait=600');
  }
  if ('ended' in end)
    throw fail(`${line} printed more than 1 MiB of errors, and was ended`, `see what it says: ${line}`);
  if (end.code !== 0 && (await isOff())) {
    const how = end.signal ? `was ended by ${end.signal}` : `ended with code ${end.code}`;
    const said = lastLines(end.stderr);
    throw fail(`${line} ${how}${said === '' ? '' : `: ${said}`}`, fixFor(said, line));
  }
  trace('start', line);
}

const mostLines = 5;
const mostCharacters = 500;

function lastLines(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-mostLines).join('; ').slice(-mostCharacters);
}

/** By what managers and QEMU say. */
const fixes: readonly (readonly [RegExp, (line: string) => string])[] = [
  [
    /\/dev\/kvm|KVM kernel module|virtualization.*(not|dis)|HV_UNSUPPORTED/i,
    () => 'virtualization is missing: ls -l /dev/kvm, join the group kvm, or enable it in the firmware',
  ],
  [
    /permission|not authorized|authenticat|access denied|denied|not allowed|privileg/i,
    (line) =>
      `this user may not start it: join the group of its manager (libvirt, incus-admin, docker), or: sudo ${line}`,
  ],
  [
    /no such file|cannot access storage|not find.*(disk|image|file)|no such.*(disk|image)/i,
    (line) => `something that it needs is missing, such as its disk: put it back, and then: ${line}`,
  ],
];

function fixFor(said: string, line: string): string {
  const fix = fixes.find(([pattern]) => pattern.test(said))?.[1];
  return fix ? fix(line) : `see what else it says: ${line}`;
}
