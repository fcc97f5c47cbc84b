/// <reference types="node" preserve="true" />
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ConnectError, type Op } from './base/errors.js';
import { definedFields } from './base/group-by.js';
import { now } from './base/runtime.js';
import { toDuplex } from './deliver/duplex.js';
import type { HostKeyVerdict, JudgedKey } from './keys/settle-key.js';
import { parseTarget, resolveTarget, type Target } from './kinds/kinds.js';
import type { ConnectOptions, MachineList, ProbeOptions } from './machines/library-options.js';
import {
  badOption,
  checkOptions,
  libraryList,
  libraryWatch,
  untilAborted,
} from './machines/library-options.js';
import type { MachineJson, RouteJson } from './machines/machine-json.js';
import { type FoundTarget, findTarget, splitLogin } from './reach/login.js';
import { type Reached, type ReachOptions, reach } from './reach/reach.js';
import { firstRoute } from './reach/routes.js';
import type { Status, Warning } from './sources/source.js';
import { awaitBanner } from './ssh/banner.js';
import type { HostKey, ProbeResult } from './ssh/handshake-result.js';
import { probeSock } from './ssh/probe.js';
import { parsePort, sshPort } from './typed/numbers.js';
import type { Endpoint, RouteName } from './typed/route.js';
import { withTarget } from './typed/shell.js';

export type {
  Endpoint,
  HostKey,
  HostKeyVerdict,
  MachineJson as Machine,
  MachineList,
  ProbeResult,
  RouteJson as MachineRoute,
  RouteName,
  Status,
  Target,
  Warning,
};
export { ConnectError, libraryList as list, libraryWatch as watch, type Op, parseTarget };

/** A stream to a machine, with what a login by it needs. It is ssh2's `sock`, and half-closes with `end()`. */
export interface MachineStream extends Duplex {
  /** What was reached: "machine/web". */
  readonly target: string;
  /** The login user: as typed, else the one that the machine's manager made. */
  readonly user?: string;
  /** The path of the private key that the machine's manager made for that, if this user can use it. */
  readonly identityFile?: string;
  /**
   * What this host knows of a host key: "known", "contradicted" (it must not be accepted), or "unknown": nobody can say, and whoever
   * calls decides. One that the machine's manager reads in it is kept as at a login by ssh.
   */
  readonly verdictOn: (key: Buffer) => Promise<HostKeyVerdict>;
  /**
   * ssh2's `hostVerifier`: accepts a key that is known, and no other. One that is refused destroys the stream with a ConnectError,
   * which is then ssh2's "error".
   */
  readonly hostVerifier: (key: Buffer, verify: (accepted: boolean) => void) => void;
}

/**
 * Opens a stream to a machine: by its name, "mint", "ann@mint", or by a target, "machine/web", "vsock/3", "unix/run/x.sock". Rejects
 * with a ConnectError, or with the signal's reason.
 */
export async function connect(target: string, options: ConnectOptions = {}): Promise<MachineStream> {
  return untilAborted(
    checked(target, options).signal,
    async () => {
      const login = await find(target, options.signal);
      return machineStream(login, await reach(login, reachOptions(login, options)));
    },
    (stream) => stream.destroy(),
  );
}

async function machineStream(
  found: LoginTarget,
  { connection, resolution }: Reached,
): Promise<MachineStream> {
  const { text, user, target } = found;
  const machine = resolution.machine ?? found.machine;
  const identityFile = await keyFor(target, machine);
  const stream: Duplex = toDuplex(connection);
  const judge = (key: Buffer) => judged(key, found, machine, connection.endpoint);
  const verdictOn: MachineStream['verdictOn'] = async (key) => (await judge(key)).verdict;
  const hostVerifier: MachineStream['hostVerifier'] = (key, verify) => {
    judge(key).then(
      ({ refusal }) => (refusal ? stream.destroy(refusal) : verify(true)),
      (error) => stream.destroy(error),
    );
  };
  const login = user ?? resolution.machine?.user;
  return Object.assign(stream, { target: text, user: login, identityFile, verdictOn, hostVerifier });
}

async function keyFor(target: Target, machine: Reached['resolution']['machine']) {
  return (await import('./keys/login-key.js')).loginKey({ target, machine }, process.env);
}

async function judged(
  key: Buffer,
  login: LoginTarget,
  machine: Reached['resolution']['machine'],
  endpoint: Endpoint,
): Promise<JudgedKey> {
  const { env, platform } = process;
  const [{ judgeHostKey }, { recordOf }, { withMachine }] = await Promise.all([
    import('./keys/settle-key.js'),
    import('./keys/record.js'),
    import('./keys/known-address.js'),
  ]);
  const reached = await withMachine(recordOf(login, machine, endpoint), env);
  return judgeHostKey(key, { reached, typed: login.typed, env, platform });
}

/** A machine by its first route, and what its manager made for a login. */
export interface Resolution {
  /** What the name means: "machine/web". */
  readonly target: string;
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** The machine's, in the 8-4-4-4-12 form. */
  readonly uuid?: string;
  /** The path of a private key, if this user can use it. */
  readonly identityFile?: string;
  readonly user?: string;
}

/** Resolves a name or a target to its endpoint, without opening anything. Rejects as `connect`. */
export async function resolve(target: string, options: ConnectOptions = {}): Promise<Resolution> {
  return untilAborted(checked(target, options).signal, async (signal) => {
    const login = await find(target, signal);
    const { text } = login;
    const port = options.port ?? login.port;
    const { env, platform } = process;
    const machine = await resolveTarget(login.target, { text, port, signal, env, platform });
    const { endpoint, steps } = await firstRoute(machine, { text, port });
    const { uuid, user: made } = machine.machine ?? {};
    const user = login.user ?? made;
    const identityFile = await keyFor(login.target, machine.machine ?? login.machine);
    const known = definedFields({ uuid, identityFile, user });
    return { target: text, endpoint, steps: [...machine.steps, ...steps], ...known };
  });
}

/** Connects, does the SSH handshake up to the authentication, and disconnects, all within `timeout`. Rejects as `connect`. */
export async function probe(
  target: string,
  options: ProbeOptions = {},
): Promise<ProbeResult & { banner: string }> {
  return untilAborted(checked(target, options).signal, async (signal) => {
    const { timeout = defaultTimeoutMs, wait = 0 } = options;
    const wholeMs = Math.max(timeout, wait);
    const until = now() + wholeMs;
    const leftMs = () => Math.max(1, until - now());
    const { inTime } = await import('./connect/wait.js');
    const login = await inTime(wholeMs, signal, (own) => find(target, own)).catch((error) => {
      throw withTarget(target, error);
    });
    const opening = reachOptions(login, { ...options, signal, timeout: Math.min(timeout, leftMs()) });
    const { connection } = await reach(login, { ...opening, untilBanner: true });
    const user = options.user ?? login.user ?? 'root';
    try {
      const banner = await awaitBanner(connection, leftMs(), signal);
      const asked = { target, user, timeoutMs: leftMs(), signal };
      const shown = await probeSock(toDuplex(connection), asked).catch(async (error) => {
        // ssh2 knows no post-quantum key exchange; ssh may, over a new connection.
        // A server could say so, too.
        const { level, message } = Object(error.cause);
        if (level !== 'handshake' || !/ no matching /.test(message)) throw error;
        const { handshake } = await import('./ssh/handshake.js');
        // The program is beside the library.
        const self = [process.execPath, fileURLToPath(new URL('./vmssh.js', import.meta.url))];
        const { port = login.port, routes } = options;
        const how = { ...asked, target: login.text, port, routes, timeoutMs: leftMs() };
        return handshake({ ...how, self, env: process.env, platform: process.platform });
      });
      return { banner, ...shown };
    } catch (error) {
      throw withTarget(target, error);
    } finally {
      connection.close();
    }
  });
}

/**
 * Starts a machine that is off by its manager, as `vmssh ssh --start` does, and resolves once its SSH banner comes; at once if it is
 * up. It has `wait`, by default two minutes. Rejects as `connect`.
 */
export async function start(target: string, options: ConnectOptions = {}): Promise<void> {
  return untilAborted(checked(target, options).signal, async (signal) => {
    const login = await find(target, signal);
    const { reachOrStart } = await import('./cli/reach/reach-target.js');
    const { env, platform } = process;
    const reaching = { ...reachOptions(login, { ...options, signal }), untilBanner: true };
    const { connection } = await reachOrStart(login, reaching, true, { env, platform, terminal }, noSignals);
    connection.close();
  });
}

/** A program's terminal and signals are its own. */
const terminal = { stdin: false, stdout: false, stderr: false };
const noSignals = { platform: process.platform, on: () => process, off: () => process };

const defaultTimeoutMs = 15_000;

interface LoginTarget extends Omit<FoundTarget, 'port'> {
  /** What was typed, without a user and a port. */
  readonly typed: string;
  readonly port: number;
}

async function find(text: string, signal: AbortSignal | undefined): Promise<LoginTarget> {
  const means = await findTarget(text, process, signal);
  return { ...means, typed: splitLogin(text).host, port: portOf(means.port, text) };
}

function portOf(typed: string | undefined, text: string): number {
  try {
    return typed === undefined ? sshPort : parsePort(typed);
  } catch (error) {
    throw badOption(text, (error as Error).message, 'a port is a number');
  }
}

function reachOptions(
  login: LoginTarget,
  { port = login.port, timeout = defaultTimeoutMs, wait, signal, routes }: ConnectOptions,
): ReachOptions {
  const { env, platform } = process;
  return { port, timeoutMs: timeout, waitMs: wait, signal, routes, env, platform };
}

/** The options, if they and the target are what they have to be. Throws a ConnectError USAGE of op parse. */
function checked<O extends ConnectOptions>(target: string, options: O): O {
  // What is no text has no kind either, and the error for that says so.
  if (typeof target !== 'string') parseTarget(target);
  checkOptions('target', target, options);
  return options;
}
