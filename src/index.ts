/// <reference types="node" preserve="true" />
import type { Duplex } from 'node:stream';
import { toDuplex } from './deliver/duplex.js';
import type { Endpoint } from './endpoint.js';
import { ConnectError, type Op, quote, withTarget } from './errors.js';
import { abortSignalOf } from './interruption.js';
import { kindOf, resolveTarget, type Target } from './kinds/kinds.js';
import { parseTarget } from './kinds/parse.js';
import {
  badOption,
  type ConnectOptions,
  checkOptions,
  type ListMachinesOptions,
  type ProbeOptions,
} from './library-options.js';
import { type FoundTarget, findTarget } from './lookup/find-target.js';
import { splitLogin } from './lookup/login.js';
import type { MachineJson, RouteJson } from './machines/machine-json.js';
import { type Reached, reach } from './reach/reach.js';
import { firstRoute } from './reach/routes.js';
import type { RouteName } from './route.js';
import type { Status, Warning } from './sources/provider.js';
import { awaitBanner } from './ssh/banner.js';
import type { HostKey, ProbeResult } from './ssh/handshake-result.js';
import { probeSock } from './ssh/probe.js';
import { parsePort, sshPort } from './target/numbers.js';

export type {
  Endpoint,
  HostKey,
  MachineJson as Machine,
  ProbeResult,
  RouteJson as MachineRoute,
  RouteName,
  Status,
  Target,
  Warning,
};
export { ConnectError, listMachines as list, type Op, parseTarget };

export interface MachineList {
  /** As `vmssh list --json` has them, running ones first. */
  readonly machines: readonly MachineJson[];
  /** The sources that could not be asked, and what is wrong with single machines. */
  readonly warnings: readonly Warning[];
}

/** Every machine on this host. A source that fails or is late is a warning. */
async function listMachines(options: ListMachinesOptions = {}): Promise<MachineList> {
  checkOptions('list', options);
  const { signal, sources: names } = options;
  return untilAborted(signal, async () => {
    const [
      { listAll },
      { everyEntry, loadForList, sourcesHere },
      { listed },
      { machineJson },
      { sshNames },
      state,
    ] = await Promise.all([
      import('./sources/list-all.js'),
      import('./sources/here.js'),
      import('./machines/find-machines.js'),
      import('./machines/machine-json.js'),
      import('./ssh/config/names.js'),
      writtenHosts(),
    ]);
    const all = everyEntry();
    const known = all.map(({ name }) => name);
    for (const name of names ?? [])
      if (!known.includes(name))
        throw badOption('list', `there is no source ${quote(name)}`, `they are ${known.join(', ')}`);
    const chosen = all.filter(({ name }) => names?.includes(name) ?? true);
    const asked = await loadForList(sourcesHere({ env: process.env }, names, chosen));
    const deps = { env: process.env, signal: signal && abortSignalOf(signal) };
    const { machines, warnings } = await listAll(deps, asked);
    const hosts = sshNames(state, machines);
    const rows = listed({ runningOnly: false }, { machines });
    return { machines: rows.map((each) => machineJson(each, hosts.get(each))), warnings };
  });
}

/** The Hosts that `config install` wrote. */
async function writtenHosts() {
  const [{ readState, stateFile }, { ownEnv }] = await Promise.all([
    import('./ssh/config/state.js'),
    import('./sources/own-env.js'),
  ]);
  return (await readState(stateFile(ownEnv(process.env))))?.machines ?? [];
}

/** A stream to a machine, with what a login by it needs. It is ssh2's `sock`, and half-closes with `end()`. */
export interface MachineStream extends Duplex {
  /** What was reached: "machine/web". */
  readonly target: string;
  /** The login user: as typed, else the one that the machine's manager made. */
  readonly user?: string;
  /** The path of the private key that the machine's manager made for that, if this user can use it. */
  readonly identityFile?: string;
  /**
   * ssh2's `hostVerifier`: accepts the machine's host key as a login by ssh does, and keeps a new one there. A key that is refused
   * destroys the stream with a ConnectError, which is then ssh2's "error".
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
      const found = await find(target, options.signal);
      return machineStream(found, await open(found, options));
    },
    (stream) => stream.destroy(),
  );
}

async function machineStream(
  { text, user, typed, target, machine: listed }: Found,
  { connection, resolution }: Reached,
): Promise<MachineStream> {
  const machine = resolution.machine ?? listed;
  const identityFile = await keyFor(target, machine);
  const stream: Duplex = toDuplex(connection);
  const hostVerifier: MachineStream['hostVerifier'] = (key, verify) => {
    accept(key, { text, target, typed, machine, endpoint: connection.endpoint }).then(
      () => verify(true),
      (error) => stream.destroy(error),
    );
  };
  return Object.assign(stream, {
    target: text,
    user: user ?? resolution.user,
    identityFile,
    hostVerifier,
  });
}

async function keyFor(target: Target, machine: Reached['resolution']['machine']) {
  return (await import('./ssh/login-key.js')).loginKey({ target, machine }, process.env);
}

/** Throws a ConnectError for a host key that is refused. */
async function accept(
  key: Buffer,
  {
    text,
    target,
    typed,
    machine,
    endpoint,
  }: Pick<Found, 'text' | 'target' | 'typed'> & {
    readonly machine: Reached['resolution']['machine'];
    readonly endpoint: Endpoint;
  },
): Promise<void> {
  const { env, platform } = process;
  const [{ verifyHostKey }, { reachedMachine }] = await Promise.all([
    import('./ssh/host-verifier.js'),
    import('./identity/record.js'),
  ]);
  const isAddress = kindOf(target).hostKey === 'none' && target.kind !== 'via';
  const own = isAddress
    ? await (await import('./identity/known-address.js')).machineByAddress(endpoint, env)
    : machine;
  await verifyHostKey(key, {
    reached: { text, machine: own && reachedMachine(own) },
    typed,
    env,
    platform,
    policy: async () => (await import('./hosts/key-policy.js')).usersKeyPolicy({ env, platform }),
  });
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
export async function resolve(
  target: string,
  options: Pick<ConnectOptions, 'port' | 'signal'> = {},
): Promise<Resolution> {
  return untilAborted(checked(target, options).signal, async () => {
    const { signal } = options;
    const found = await find(target, signal);
    const { text } = found;
    const port = options.port ?? found.port;
    const { env, platform } = process;
    const machine = await resolveTarget(found.target, { text, port, signal, env, platform });
    const { endpoint, steps } = await firstRoute(machine, { text, port });
    const { uuid } = machine;
    const user = found.user ?? machine.user;
    const identityFile = await keyFor(found.target, machine.machine ?? found.machine);
    return { target: text, endpoint, steps: [...machine.steps, ...steps], uuid, identityFile, user };
  });
}

/** Connects, does the SSH handshake up to the authentication, and disconnects. Rejects as `connect`. */
export async function probe(
  target: string,
  options: ProbeOptions = {},
): Promise<ProbeResult & { banner: string }> {
  return untilAborted(checked(target, options).signal, async () => {
    const { timeout: timeoutMs = defaultTimeoutMs, signal } = options;
    const found = await find(target, signal);
    const { connection } = await open(found, options);
    const user = options.user ?? found.user ?? 'root';
    try {
      const banner = await awaitBanner(connection, timeoutMs, signal);
      return { banner, ...(await probeSock(toDuplex(connection), { target, user, timeoutMs, signal })) };
    } catch (error) {
      throw withTarget(target, error);
    } finally {
      connection.close();
    }
  });
}

const defaultTimeoutMs = 15_000;

/** What a text means, as the commands take it. */
interface Found extends Omit<FoundTarget, 'port'> {
  /** What was typed, without a user and a port. */
  readonly typed: string;
  readonly port: number;
}

async function find(text: string, signal: AbortSignal | undefined): Promise<Found> {
  const found = await findTarget(text, process, signal && abortSignalOf(signal));
  return { ...found, typed: splitLogin(text).host, port: portOf(found.port, text) };
}

function portOf(typed: string | undefined, text: string): number {
  try {
    return typed === undefined ? sshPort : parsePort(typed);
  } catch (error) {
    throw badOption(text, (error as Error).message, 'a port is a number');
  }
}

async function open(found: Found, options: ConnectOptions): Promise<Reached> {
  const { port = found.port, timeout = defaultTimeoutMs, wait, signal, routes } = options;
  const { env, platform } = process;
  return reach(found, { port, timeoutMs: timeout, waitMs: wait, signal, routes, env, platform });
}

/** An aborted signal rejects with its reason, whatever its abort made of the work. `drop` closes what came of it all the same. */
async function untilAborted<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  drop?: (done: T) => void,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    const done = await work();
    if (signal?.aborted) drop?.(done);
    return done;
  } finally {
    signal?.throwIfAborted();
  }
}

/** The options, if they and the target are what they have to be. Throws a ConnectError USAGE of op parse. */
function checked<O extends ConnectOptions>(target: string, options: O): O {
  // What is no text has no kind either, and the error for that says so.
  if (typeof target !== 'string') parseTarget(target);
  checkOptions(target, options);
  return options;
}
