import type { Addon } from 'node-hvsock-native';
import type { Io } from '../../cli/command.js';
import { type Listener, openListener } from './listener.js';
import type { Local } from './local.js';
import { type ForwardedMachine, type MachineOptions, machineAt } from './machine.js';
import { type ReportOptions, reporter } from './report.js';
import { serve } from './serve.js';
import { session } from './session.js';

export interface ForwardOneOptions extends MachineOptions, ReportOptions {
  /** Where it listens, or the sockets that systemd passed. */
  readonly local: Local | readonly Listener[];
  /** Connections at the same time. */
  readonly most: number;
  /** Milliseconds without a connection after which it ends; undefined: never. */
  readonly idleMs: number | undefined;
}

/**
 * Connects local sockets to a port of one machine, until `signal` is aborted or nothing happens for long. Throws a ConnectError if the
 * machine is not there, a UsageError or a CommandError if it cannot listen.
 */
export async function forwardOne(
  options: ForwardOneOptions,
  addon: Addon,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  const machine = machineAt(options, io, signal);
  const { local } = options;
  const target = 'family' in local ? await present(machine, signal) : options.typed;
  if (target === undefined) return;
  const listeners = 'family' in local ? [await openListener(local, addon, io)] : local;
  const report = reporter(options, io);
  try {
    for (const { local } of listeners) report.listening(local, target);
    await serve(
      addon,
      listeners,
      options,
      async (client, stopped) => report.closed(await session(addon, client, machine, stopped)),
      signal,
    );
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** The machine has to be there at the start. Undefined if it was ended meanwhile. */
async function present(machine: ForwardedMachine, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await machine.find();
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  }
}
