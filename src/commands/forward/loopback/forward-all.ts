import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon, Handle } from 'node-hvsock-native';
import { loopbackHost } from '../../../address/host-name.js';
import { CommandError, type Io } from '../../../cli/command.js';
import { complain } from '../../../cli/message.js';
import { quote } from '../../../errors.js';
import { silent } from '../../../hosts/fresh/silent.js';
import { keepLoopbackKeys } from '../../../hosts/loopback/known-hosts.js';
import { type Listener, openListener } from '../listener.js';
import { type ReportOptions, reporter } from '../report.js';
import { serve } from '../serve.js';
import { session } from '../session.js';
import { refuseOthers } from './allowed.js';
import { firstKeys } from './first-key.js';
import { type LoopbackMachine, loopbackMachines } from './machines.js';

export interface ForwardAllOptions extends ReportOptions {
  /** The sockets of systemd, whose ports tell the machines; undefined: it listens itself. */
  readonly passed?: readonly Listener[] | undefined;
  /** It ends after this long without a connection, if systemd listens. Milliseconds. */
  readonly idleMs?: number | undefined;
  readonly timeoutMs: number;
  /** Connections at the same time to one machine. */
  readonly most: number;
}

/** How often the machines are looked at, which may come and go. Milliseconds. */
const everyMs = 2000;

/**
 * Connects the loopback port of every machine until `signal` is aborted, also of machines that come meanwhile; or those that systemd
 * listens on. Throws a CommandError if it listens itself and no machine has one to begin with.
 */
export async function forwardAll(
  options: ForwardAllOptions,
  addon: Addon,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  const machines = loopbackMachines(io, options.timeoutMs, signal);
  // A service that does not take its client is started for it again and again.
  if (!options.passed && (await machines.all()).length === 0) throw noPorts();
  const report = reporter(options, io);
  const refuse = refuseOthers(addon, io.platform);
  const keyOf = firstKeys(io, signal);
  const said = new Set<string>();
  const serveClient = async (client: Handle, stopped: AbortSignal, port: number) => {
    const found = await machines.at(port).catch(() => undefined);
    const refused = found ? await refuse(client, found.who) : undefined;
    if (found && !refused) {
      await keyOf(port);
      return report.closed(await session(addon, client, found.machine, stopped));
    }
    addon.close(client);
    const { message, hint } = refused ?? {
      message: 'no machine has it',
      hint: 'vmssh config install --loopback',
    };
    // Once each: whoever is turned away can come again and again.
    if (said.has(message)) return;
    said.add(message);
    await complain(`port ${port}: ${message}`, hint, io);
  };
  const listen = async ({ port, target }: LoopbackMachine, stop: AbortSignal) => {
    let listener: Listener;
    try {
      listener = await openListener({ family: 'inet', host: loopbackHost, port }, addon, io);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return complain(`${target}: ${error.message}`, error.hint, io);
    }
    try {
      report.listening(listener.local, target);
      const client = (client: Handle, stopped: AbortSignal) => serveClient(client, stopped, port);
      await serve(addon, [listener], { most: options.most }, client, stop);
    } finally {
      listener.close();
    }
  };
  if (options.passed) {
    const keys = keepLoopbackKeys(silent(io));
    const ports = options.passed.map((listener) => ({ ...listener, port: portOf(listener) }));
    for (const { local } of ports) report.listening(local, 'a machine');
    await serve(
      addon,
      ports,
      options,
      (client, stopped, { port }) => serveClient(client, stopped, port),
      signal,
    );
    await keys;
    return;
  }
  const all = async () => {
    await keepLoopbackKeys(silent(io));
    return machines.all();
  };
  await follow(all, listen, signal);
}

/** Throws a CommandError for a unix socket. */
function portOf({ local }: Listener): number {
  if (local.family === 'inet') return local.port;
  throw new CommandError(
    'LISTEN_FDS',
    `a socket of systemd is the path ${quote(local.path)}, and has no port to tell the machine by`,
    'ListenStream=127.0.0.1:PORT, for each port that vmssh list --loopback shows',
  );
}

/** Keeps work running for each machine: it is started when one comes, and stopped when it is gone. */
async function follow(
  all: () => Promise<readonly LoopbackMachine[]>,
  work: (machine: LoopbackMachine, stop: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const running = new Map<number, AbortController>();
  const unfinished = new Set<Promise<void>>();
  let failure: unknown;
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const start = (machine: LoopbackMachine) => {
    const stop = new AbortController();
    running.set(machine.port, stop);
    const done = work(machine, stop.signal)
      .catch((error) => {
        failure ??= error;
        ended.abort();
      })
      .finally(() => unfinished.delete(done));
    unfinished.add(done);
  };
  while (!until.aborted) {
    const now = new Map((await all()).map((machine) => [machine.port, machine]));
    for (const [port, machine] of now) if (!running.has(port)) start(machine);
    for (const [port, stop] of running) {
      if (now.has(port)) continue;
      stop.abort();
      running.delete(port);
    }
    await sleep(everyMs, undefined, { signal: until }).catch(() => {});
  }
  for (const stop of running.values()) stop.abort();
  await Promise.all(unfinished);
  if (failure !== undefined) throw failure;
}

function noPorts(): CommandError {
  return new CommandError('NO_PORTS', 'no machine has a loopback port', 'vmssh config install --loopback');
}
