import type { Addon, Handle } from 'node-hvsock-native';
import type { Io } from '../../../cli/command.js';
import { complain } from '../../../cli/message.js';
import { openConnection } from '../../../connect/open.js';
import { printable } from '../../../errors.js';
import { formatLocal, type Local } from '../local.js';
import type { MachineOptions } from '../machine.js';
import { type ReportOptions, reporter } from '../report.js';
import { serve } from '../serve.js';
import { session } from '../session.js';
import { guestLine } from './guest-line.js';
import { openForMachine } from './open-for-machine.js';
import { reverseMachine } from './reverse-machine.js';

export interface ReverseOptions extends MachineOptions, ReportOptions {
  /** What the machine's connections go to. */
  readonly local: Local;
  readonly most: number;
  readonly idleMs: number | undefined;
}

/**
 * Listens on a vsock port of this host for one machine, and connects each of its connections to a program of this host, until
 * `signal` is aborted. Throws a ConnectError or a CommandError if it cannot listen.
 */
export async function reverse(
  options: ReverseOptions,
  addon: Addon,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  const { local, port, timeoutMs, json } = options;
  const machine = reverseMachine(options, io, signal);
  const { text: target, endpoint } = await machine.now();
  const listener = await openForMachine(endpoint, machine, addon, io);
  const report = reporter(options, io);
  const service = {
    find: async () => formatLocal(local),
    connect: (stopped: AbortSignal) =>
      openConnection(local.family === 'unix' ? local : { ...local, family: 'tcp' }, {
        ...{ target: formatLocal(local), timeoutMs, signal: stopped, env: io.env },
      }),
  };
  const turnedAway = new Set<string>();
  const serveClient = async (client: Handle, stopped: AbortSignal) => {
    const refusal = await listener.refuse(client);
    if (refusal === undefined) return report.closed(await session(addon, client, service, stopped));
    addon.close(client);
    // Once each: whoever is turned away can come again and again, with as many addresses as there are machines.
    if (turnedAway.has(refusal) || turnedAway.size >= mostSaid) return;
    turnedAway.add(refusal);
    await complain(`port ${port}: ${refusal}`, undefined, io);
  };
  try {
    report.reversed(listener.at, target, local);
    if (!json) io.err(`${io.program}: in the machine: ${printable(guestLine(port, local))}\n`);
    await serve(addon, [listener], options, serveClient, signal);
  } finally {
    listener.close();
  }
}

const mostSaid = 20;
