import { sshPort } from '../../../address/port.js';
import type { Io } from '../../../cli/command.js';
import { type HostState, type LoopbackFor, readState } from '../../../ssh/config/state.js';
import { writtenStateFile } from '../../../ssh/known-hosts-file.js';
import { type ForwardedMachine, machineAt } from '../machine.js';
import { remembered } from '../remembered.js';

/** A machine with a loopback port. */
export interface LoopbackMachine {
  readonly port: number;
  readonly target: string;
}

export interface LoopbackMachines {
  /** Those of the Hosts that are written now. Empty if loopback ports are off. */
  all(): Promise<readonly LoopbackMachine[]>;
  /** The one that has a port now, and who may connect. */
  at(port: number): Promise<{ readonly machine: ForwardedMachine; readonly who: LoopbackFor } | undefined>;
}

/** Milliseconds for which the state is not read again. */
const rememberedMs = 1000;

/** The machines with loopback ports, as `config install` and the Hosts that follow the machines have them. */
export function loopbackMachines(
  io: Io,
  timeoutMs: number,
  signal: AbortSignal,
  read: () => Promise<HostState | undefined> = () => readState(writtenStateFile(io.env)),
): LoopbackMachines {
  const state = remembered(read, rememberedMs);
  // One for each target, since it remembers for a moment where its machine is.
  const known = new Map<string, ForwardedMachine>();
  const machineOf = (target: string, routes: HostState['options']['routes']) => {
    const key = `${routes ?? ''} ${target}`;
    const found =
      known.get(key) ??
      machineAt(
        // The hypervisor there chooses the route.
        { typed: target, port: sshPort, timeoutMs, routes: target.startsWith('via/') ? undefined : routes },
        io,
        signal,
      );
    known.set(key, found);
    return found;
  };
  return {
    all: async () => withPorts(await state.get()),
    async at(port) {
      const now = await state.get();
      const found = withPorts(now).find((each) => each.port === port);
      if (!found || !now?.options.loopback) return undefined;
      return { machine: machineOf(found.target, now.options.routes), who: now.options.loopback };
    },
  };
}

function withPorts(state: HostState | undefined): readonly LoopbackMachine[] {
  if (state?.options.loopback === undefined) return [];
  return state.machines.flatMap(({ loopback, target }) =>
    loopback === undefined ? [] : [{ port: loopback, target }],
  );
}
