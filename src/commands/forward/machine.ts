import { socketWarning } from '../../cli/reach/reach-target.js';
import { kindOf, resolveTarget, type Target, type TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { findTarget } from '../../reach/login.js';
import { type ReachOptions, reach } from '../../reach/reach.js';
import { firstRoute } from '../../reach/routes.js';
import type { Reachable } from '../../sources/source.js';
import { isSshPort } from '../../typed/numbers.js';
import { noPort } from '../../typed/port.js';

export interface MachineOptions extends Pick<ReachOptions, 'port' | 'timeoutMs' | 'routes'> {
  readonly typed: string;
}

export type ForwardedMachine = ReturnType<typeof machineAt>;

/** The machine that was named; it is looked up for each connection: after a restart its address may be another machine's. */
export function machineAt(options: MachineOptions, io: Io, signal: AbortSignal) {
  const { port, timeoutMs, routes } = options;
  const { env, platform } = io;
  const beforeOpen = socketWarning(io);
  const route = inTurn(search(options, io, signal));
  return {
    /** The machine's target. Throws a ConnectError if it cannot be found, or has no ports. */
    async find() {
      const { text, target, resolution } = await route();
      const [first] = resolution.routes;
      if (first) await beforeOpen(target, first.endpoint, resolution.machine);
      return text;
    },
    async connect(signal: AbortSignal) {
      const { resolution, ...found } = await route();
      const resolve = async () => resolution;
      const how = { port, timeoutMs, routes, signal, beforeOpen, env, platform, resolve };
      return (await reach(found, how)).connection;
    },
  };
}

/** Looks the machine up. Throws a ConnectError if it cannot be found, or has no ports. */
export function search(
  { typed, port, routes }: MachineOptions,
  io: Io,
  signal: AbortSignal,
): () => Promise<TypedTarget & { readonly resolution: Reachable }> {
  const { env, platform } = io;
  return async () => {
    const { text, target } = await findTarget(typed, io, signal);
    if (!routes?.includes('ip')) checkPorts(target, text, port);
    const resolution = await resolveTarget(target, { text, port, routes, signal, env, platform });
    // An address that its source has to be asked for is asked for by each connection.
    if (!routes || !resolution.askIp)
      await firstRoute(resolution, { text, port, ...(routes ? { only: routes } : {}) });
    return { text, target, resolution };
  };
}

/** 22 stands for the SSH server, wherever it listens. */
function checkPorts(target: Target, text: string, port: number): void {
  if (isSshPort(port)) return;
  const own = 'port' in target ? target.port : undefined;
  if (!kindOf(target).takesPort || (own !== undefined && own !== port)) throw noPort(own, port, text);
}

/** Each who asks gets what a search finds that began after the question; all who ask during one share the next, as a browser's six connections. */
export function inTurn<T>(find: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    next = undefined;
    const search = find();
    const ended = search
      .catch(() => {})
      .finally(() => {
        if (running === ended) running = undefined;
      });
    running = ended;
    return search;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start);
    return next;
  };
}
