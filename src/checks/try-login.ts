import { sshPort } from '../address/port.js';
import type { Io } from '../cli/command.js';
import type { HostFlags } from '../cli/guest/host-flags.js';
import { overTarget } from '../cli/guest/host-flags.js';
import { cidOf, type ProgressLine } from '../guest/run/progress.js';
import { guestRoute, sshCommand, targetOf } from '../guest/run/route.js';
import { runScript } from '../guest/run/run-script.js';
import { beforeLoginScript, type TriedLogin } from '../guest/script.js';
import { splitUser } from '../lookup/login.js';
import { runProgram } from '../process/run-program.js';
import { loginTimeoutMs, whyEnded } from './ended-login.js';
import { notRun } from './not-run.js';

/** What a guest says of itself before a login is tried. */
export interface Guest {
  readonly cid: number | undefined;
  /** Another at each boot: which machine it is. */
  readonly boot: string | undefined;
  /** Who logged in to look; undefined: not by ssh. */
  readonly user: string | undefined;
  /** That login came over a socket without an address: vsock or unix. */
  readonly bySocket: boolean;
  readonly cursor: string;
}

export interface LoginOptions {
  readonly account: string;
  readonly port: number;
  /** How this host reaches the guest; undefined: as HOST, or by the CID that the guest reports. */
  readonly target: string | undefined;
}

/** Asks a guest over its route, and changes nothing there. Throws a ConnectError if that fails. */
export async function lookAt(into: HostFlags, io: Io, signal: AbortSignal): Promise<Guest> {
  const { self, platform, env } = io;
  const route = guestRoute({ ...into, script: beforeLoginScript(), needsRoot: false, self, platform });
  const outcome = await runScript(route, { env, signal, onLine: () => {} });
  if (outcome.code === undefined) throw await notRun(into, route, outcome, io, signal);
  const { lines } = outcome;
  const said = (name: string) => lines.find(({ step }) => step === name)?.message;
  return {
    cid: cidOf(lines),
    boot: said('boot'),
    user: isBySsh(into) ? said('user') : undefined,
    bySocket: into.route === 'target' || isUnknown(lines),
    cursor: said('cursor') ?? '',
  };
}

/**
 * Logs in as ssh will: over the socket, with HOST's settings and keys, and without prompts. Changes nothing in the machine
 * that it reaches, which may be another one.
 */
export async function tryLogin(
  into: HostFlags,
  { cid, boot, user, bySocket, cursor }: Guest,
  { account, port, target }: LoginOptions,
  io: Io,
  signal: AbortSignal,
): Promise<TriedLogin> {
  const isOwnRoute = target === undefined && bySocket && port === sshPort;
  const { host } = splitUser(into.host);
  // It was a new connection, unlike one by ssh, which may share one that is open.
  if (isOwnRoute && into.route === 'target' && user === account)
    return { state: 'in', about: `over ${host}`, cursor };
  const to = target ?? targetIn(into.host) ?? (cid === undefined ? undefined : `vsock/${cid}`);
  const isByHost = isOwnRoute && into.route === 'ssh';
  if (to === undefined && !isByHost)
    return notTried('its CID is not known: --target says how this host reaches it');
  const over = isByHost ? { ...into, host: `${account}@${host}` } : overTarget(into, account, to ?? '');
  const by = isByHost ? `by ssh ${host}` : `over ${to}`;
  // At ERROR it does not say that it has no algorithm in common with sshd.
  const options = { ...over, port, self: io.self, platform: io.platform, logLevel: 'INFO' } as const;
  const ssh = sshCommand(options, ['-o', 'BatchMode=yes', '-o', 'ControlPath=none']);
  const end = await runProgram([...ssh, `cat ${bootFile}`], {
    env: io.env,
    signal,
    timeoutMs: loginTimeoutMs,
    longest: 1 << 16,
  }).catch((error: Error) => ({ code: null, stdout: '', stderr: error.message }));
  const { code, stdout, stderr } = end;
  signal.throwIfAborted();
  const unreached = stderr.split('\n').find((line) => line.startsWith(`${io.program}: `));
  if (unreached !== undefined)
    return notTried(
      `${unreached.slice(io.program.length + 2).trim()}; --target says how this host reaches it`,
    );
  if (/^Host key verification failed\.\r?$/m.test(stderr))
    return notTried(`ssh does not accept the host key there (${by}); --target says how this host reaches it`);
  if (code === 0 && boot !== undefined && stdout.trim() !== boot)
    return notTried(`another machine answers (${by}); --target says how this host reaches this one`);
  if (code === 0) return { state: 'in', about: by, cursor };
  return { state: 'refused', about: whyEnded(end), cursor };
}

const bootFile = '/proc/sys/kernel/random/boot_id';

function notTried(about: string): TriedLogin {
  return { state: 'not tried', about };
}

function targetIn(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

function isBySsh({ route }: HostFlags): boolean {
  return route === 'ssh' || route === 'target';
}

/** SSH_CONNECTION of a connection without an address. */
function isUnknown(lines: readonly ProgressLine[]): boolean {
  return lines.some(({ step, message }) => step === 'peer' && message.startsWith('UNKNOWN '));
}
