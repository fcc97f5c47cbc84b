import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { ConnectError, printable, quote, type StartCommand } from '../../base/errors.js';
import { type Env, now } from '../../base/runtime.js';
import { lock } from '../../files/lock.js';
import { folderAt, makeFolder } from '../../files/place.js';
import { resolveTarget, type TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { type ApartEnd, runApart } from '../../process/run-detached.js';
import { plainMessage } from '../../process/run-program.js';
import { type Reached, type ReachOptions, reach } from '../../reach/reach.js';
import { managersGroups } from '../../sources/sources.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import { sshFolder } from '../../ssh/folder.js';
import { type Shell, shellLine, shellOf, startLine } from '../../typed/shell.js';
import type { AnyTarget } from '../../typed/target.js';
import { defaultWaitMs } from '../shared-options.js';
import { startProgress } from '../terminal.js';

export type Starter = Pick<Io, 'env' | 'platform' | 'terminal'>;

export type Signals = Pick<NodeJS.Process, 'on' | 'off' | 'platform'>;

/**
 * After the attempt that failed with `first`: starts the machine if that is because it is off, and tries again until
 * its banner comes; also while another vmssh starts it. Otherwise throws `first`, unless there is a `waitMs`.
 */
export async function startAndReach(
  { text, target }: TypedTarget,
  options: ReachOptions,
  first: ConnectError,
  io: Starter,
  host: Signals = process,
): Promise<Reached> {
  const until = now() + (options.waitMs ?? defaultWaitMs);
  const leftMs = () => Math.max(1, until - now());
  const interrupts = interruptsOf(options.signal, host);
  const { signal } = interrupts;
  const progress = options.trace ? undefined : await startProgress(io, `waiting for ${printable(text)}`);
  const trace: NonNullable<ReachOptions['trace']> =
    options.trace ?? ((step, outcome) => step === 'wait' && progress?.update(printable(outcome)));
  const env = ownEnv(io.env);
  let held: StartLock | undefined;
  let last: StartCommand | undefined;
  try {
    const onBusy = () => trace('wait', 'another vmssh starts it');
    held = await startLock(target, env, { leftMs, signal, onBusy });
    if (!held.wasBusy && !first.start && options.waitMs === undefined) throw first;
    const startOnce: StartMachine = async (start, isOff) => {
      last = start;
      await runStart(start, isOff, { text, env, shell: shellOf(io), timeoutMs: leftMs(), signal, trace });
    };
    const resolve = startingResolve(startOnce, (off) => offAgain(off, last, io));
    return await reach({ text, target }, { ...options, trace, signal, waitMs: leftMs(), resolve });
  } catch (error) {
    if (!(error instanceof ConnectError) || !last) throw error;
    if (error.code === 'INTERRUPTED') throw leftAlone(text, last, error);
    throw isOffError(error) || isOffError(error.cause) ? offAgain(error, last, io) : error;
  } finally {
    progress?.stop();
    interrupts.stop();
    await held?.release();
  }
}

/** Aborted by Ctrl-C, the end of ssh, and what ends the caller's own wait: the machine is left as it is, and that is said. */
function interruptsOf(outer: ReachOptions['signal'], host: Signals) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const names =
    host.platform === 'win32' ? (['SIGINT'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const);
  for (const name of names) host.on(name, abort);
  return {
    signal: AbortSignal.any([controller.signal, ...(outer ? [outer] : [])]),
    stop() {
      for (const name of names) host.off(name, abort);
    },
  };
}

function isOffError(error: unknown): error is ConnectError & { readonly start: StartCommand } {
  return error instanceof ConnectError && error.start !== undefined;
}

type Off = Pick<ConnectError, 'target' | 'problem' | 'cause'>;

/** To start it once more, as the hint for a machine that is off says, would not help. */
function offAgain(
  { target, problem, cause }: Off,
  { command = [], typed, log }: Partial<StartCommand> = {},
  io: Starter,
): ConnectError {
  const shell = shellOf(io);
  return new ConnectError('connect', target, {
    ...{ code: 'NOT_STARTED', final: true, cause },
    problem: `${problem}, although it was started: ${startLine({ command, typed }, shell)}`,
    hint: log
      ? `it ended; see why: ${shellLine(log, shell)}`
      : "it may have ended at once: see its log, or its manager's",
  });
}

/** The manager's command goes on without us, and what it has started stays. */
function leftAlone(text: string, start: StartCommand, cause: ConnectError): ConnectError {
  const [name, command] = [start.machine, start.command[0] ?? ''].map(quote);
  const problem = `interrupted: ${name} is left as it is, and ${command} may still be starting it`;
  return new ConnectError('connect', text, { code: 'INTERRUPTED', problem, start, cause });
}

type StartMachine = (start: StartCommand, isOff: () => Promise<boolean>) => Promise<void>;

/** How often in a row a machine that was started may be off: its manager may start it once more, or note late that it runs. */
const maxOff = 3;

/** `resolveTarget`, but a machine that is off is started, once; then it is asked again, as its address may be a new one. */
export function startingResolve(
  start: StartMachine,
  ended: (off: Off) => Error,
  resolve: typeof resolveTarget = resolveTarget,
): typeof resolveTarget {
  let isStarted = false;
  let offs = 0;
  /** True: it was off and not started yet, and is started now. Throws if it is off over and over: it ended at once. */
  const look = async (
    off: (Off & { readonly start?: StartCommand | undefined }) | undefined,
    isOff: () => Promise<boolean>,
  ) => {
    if (!off?.start) offs = 0;
    else if (!isStarted) {
      isStarted = true;
      await start(off.start, isOff);
      return true;
    } else if (++offs >= maxOff) throw ended(off);
    return false;
  };
  return async (...asked) => {
    const isOff = () => resolve(...asked).then(() => false, isOffError);
    const ask: () => ReturnType<typeof resolve> = () =>
      resolve(...asked).catch(async (error) => {
        if (isOffError(error) && (await look(error, isOff))) return ask();
        throw error;
      });
    const reachable = await ask();
    const { recheck } = reachable;
    if (!recheck) {
      offs = 0;
      return reachable;
    }
    // A machine that was looked up by its id is only known to be off once it does not answer.
    return {
      ...reachable,
      async recheck() {
        const why = await recheck();
        const off = why && { ...why, target: asked[1].text, cause: undefined };
        await look(off, async () => (await recheck())?.start !== undefined);
        return why;
      },
    };
  };
}

type RunStartOptions = Required<Pick<ReachOptions, 'timeoutMs' | 'signal' | 'trace'>> &
  Pick<TypedTarget, 'text'> & { readonly env: Env; readonly shell: Shell };

/** Throws a ConnectError NOT_STARTED or INTERRUPTED; not if the machine is no longer off: another has started it. */
async function runStart(
  start: StartCommand,
  isOff: () => Promise<boolean>,
  { text, env, shell, timeoutMs, signal, trace }: RunStartOptions,
): Promise<void> {
  const line = shellLine(start.command, shell);
  const onStart = () => trace('wait', `starting ${quote(start.machine)}: ${line}`);
  const fail = (why: string, hint: string, cause?: unknown) => {
    const problem = `${quote(start.machine)} could not be started: ${why}`;
    return new ConnectError('connect', text, { code: 'NOT_STARTED', final: true, problem, hint, cause });
  };
  const limits = { env: withToolFolders(env), timeoutMs, signal, onStart };
  const end: ApartEnd = await runApart(start.command, limits).catch((error) => {
    const [why, hint] =
      error.code === 'ENOENT'
        ? ['it is not installed, or not in PATH', 'install it, or start the machine yourself']
        : [error.message, 'start the machine yourself, or correct that'];
    throw fail(`${quote(start.command[0] ?? '')} could not be run: ${why}`, hint, error);
  });
  if ('left' in end) {
    if (end.left === 'aborted')
      throw new ConnectError('connect', text, { code: 'INTERRUPTED', problem: 'interrupted' });
    throw fail(`${line} did not end in time, and is still running`, 'give it more time: --wait=600');
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

const maxLines = 5;
const maxCharacters = 500;

export function lastLines(stderr: string): string {
  const lines = plainMessage(stderr)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  // Windows PowerShell says the cause first, and then the place in its script, in lines with a plus.
  const place = lines.findIndex((line) => line.startsWith('+ '));
  const said = lines.some((line) => line.includes('FullyQualifiedErrorId')) ? lines.slice(0, place - 1) : [];
  return (said.length > 0 ? said : lines).slice(-maxLines).join('; ').slice(-maxCharacters);
}

/** What to do, by what managers and QEMU say: here, and on Windows if that is something else. */
const fixes: readonly (readonly [said: RegExp, fix: string, onWindows?: string])[] = [
  [
    /\/dev\/kvm|KVM kernel module|virtualization.*(not|dis)|HV_UNSUPPORTED|hypervisor is not running/i,
    'virtualization is missing: ls -l /dev/kvm, join the group kvm, or enable it in the firmware',
    'enable virtualization in the firmware; elevated: bcdedit /set hypervisorlaunchtype auto; then restart Windows',
  ],
  [
    /permission|not authorized|authenticat|access denied|denied|not allowed|privileg|administrator/i,
    `this user may not start it: join the group of its manager (${managersGroups}), or: sudo LINE`,
    'this user may not start it: join Hyper-V Administrators, or use an elevated terminal',
  ],
  [
    /no such file|cannot access storage|not find.*(disk|image|file)|no such.*(disk|image)/i,
    'something that it needs is missing, such as its disk: put it back, and then: LINE',
  ],
];

export function fixFor(said: string, line: string, platform: NodeJS.Platform = process.platform): string {
  const known = fixes.find(([pattern]) => pattern.test(said));
  const [, fix, onWindows = fix] = known ?? ['', 'see what else it says: LINE'];
  return (platform === 'win32' ? onWindows : fix).replace('LINE', () => line);
}

interface StartLock {
  /** Whether another process of this user had it: that one was starting the machine. */
  readonly wasBusy: boolean;
  release(): Promise<void>;
}

/** For a lock that a killed process left. Milliseconds. */
const briefMs = 50;

/** Waits until nobody else starts the machine, after `onBusy`. Without a folder for it, or time, there is no lock: managers start a machine once, too. */
async function startLock(
  target: AnyTarget,
  env: Env,
  { leftMs, signal, onBusy }: { leftMs(): number; signal: AbortSignal; onBusy(): void },
): Promise<StartLock> {
  const path = sshFolder(env);
  const id = `${hostname()} ${JSON.stringify(target)}`;
  const hash = createHash('sha256').update(id).digest('hex');
  const name = `vmssh-start-${hash.slice(0, 16)}`;
  const folder = await makeFolder(path)
    .then(() => folderAt(path))
    .catch(() => undefined);
  let wasBusy = false;
  const lockIn = (wait: number) =>
    folder &&
    lock({ folder, name }, now, { held: Number.POSITIVE_INFINITY, signal, wait }).catch((error) => {
      wasBusy ||= error.code === 'LOCKED';
      return undefined;
    });
  let held = await lockIn(briefMs);
  if (wasBusy) {
    onBusy();
    held = await lockIn(leftMs());
  }
  return {
    wasBusy,
    async release() {
      await held?.release();
      await folder?.close();
    },
  };
}
