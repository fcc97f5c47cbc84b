import { ConnectError, errorWith } from '../base/errors.js';
import type { AddonState } from '../base/native.js';
import { type Env, now } from '../base/runtime.js';
import type { Connection, OpenOptions } from '../connect/connection.js';
import { hangsOrBoots } from '../connect/multiplexer.js';
import { openConnection } from '../connect/open.js';
import { resolveTarget, type Target, type TypedTarget } from '../kinds/kinds.js';
import type { Reachable } from '../sources/source.js';
import { type Endpoint, formatEndpoint, type Route, type RouteName } from '../typed/route.js';
import { withTarget } from '../typed/shell.js';
import { describeTarget } from '../typed/target.js';
import type { FailedRoute } from './all-failed.js';
import { routesOf } from './routes.js';

/** Called at the end of each step with its outcome, and with the `endpoint` once a target is resolved, or another route is tried. */
export type Trace = (
  step: 'parse' | 'resolve' | 'start' | 'route' | 'connect' | 'wait' | 'relay',
  outcome: string,
  endpoint?: Endpoint,
) => void;

export interface ReachOptions extends Pick<OpenOptions, 'startMs' | 'bring' | 'hostKeys' | 'signal'> {
  /** The port if the target names none. */
  readonly port: number;
  /** Milliseconds for one connect; if a machine has several routes, for all of them and a banner. */
  readonly timeoutMs: number;
  /** Whether `timeoutMs` is for all, up to the banner of the only route: somebody has set it. Undefined: for the opening, and the banner of a route of `routes`. */
  readonly untilBanner?: boolean;
  /** The only routes to try, in this order; undefined: the machine's own, and no network if there is another. */
  readonly routes?: readonly RouteName[];
  /** Milliseconds to retry until an SSH banner arrives; undefined: one attempt, without waiting for a banner. */
  readonly waitMs?: number;
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly native?: (() => AddonState) | undefined;
  readonly resolve?: typeof resolveTarget;
  readonly trace?: Trace;
  readonly onRoute?: OnRoute;
  /** Called with a target, its endpoint and its machine, just before it is opened. */
  readonly beforeOpen?:
    | ((target: Target, endpoint: Endpoint, machine: Reachable['machine']) => Promise<void> | undefined)
    | undefined;
}

/** Called after each route that was tried, with its banner if that was awaited, or with the error that stopped it. */
export type OnRoute = (
  route: { readonly endpoint: Endpoint },
  result: { readonly banner?: string; readonly error?: ConnectError },
) => void;

export interface Reached {
  readonly target: Target;
  readonly resolution: Reachable;
  /** The one that was opened, maybe not its first. */
  readonly route: Route;
  readonly connection: Connection;
}

/** From a target to an open socket. Throws a ConnectError. */
export function reach({ text, target }: TypedTarget, options: ReachOptions): Promise<Reached> {
  options.trace?.('parse', describeTarget(target));
  const { waitMs } = options;
  return waitMs === undefined
    ? attempt(target, text, options)
    : reachInTime({ text, target }, waitMs, options);
}

async function reachInTime({ text, target }: TypedTarget, waitMs: number, options: ReachOptions) {
  const { openWhenReady } = await import('../connect/wait.js');
  let ownMs = options.timeoutMs;
  return openWhenReady(
    async (leftMs) => {
      const timeoutMs = Math.min(ownMs, leftMs);
      // One that is only slow answers in the end.
      ownMs *= 2;
      const once = { ...options, timeoutMs, untilBanner: false };
      const reached = await attempt(target, text, once);
      const banner = await bannerOf(reached.connection, timeoutMs, options.signal).catch((caught) => {
        const error = withTarget(text, caught);
        throw error instanceof ConnectError ? withTrouble(error, reached.resolution) : error;
      });
      options.trace?.('wait', `banner ${banner}`);
      return reached;
    },
    {
      waitMs,
      signal: options.signal,
      onRetry: ({ message }, nextMs) =>
        options.trace?.('wait', `${message}; again in ${Math.round(nextMs / 100) / 10} s`),
    },
  );
}

/** The banner of an open connection, which is closed if none comes. Throws a ConnectError. */
async function bannerOf(connection: Connection, timeoutMs: number, signal: AbortSignal | undefined) {
  const { awaitBanner } = await import('../ssh/banner.js');
  try {
    return await awaitBanner(connection, timeoutMs, signal);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens the first of the machine's routes that answers. Throws a ConnectError with the reason of each. */
async function attempt(target: Target, text: string, options: ReachOptions): Promise<Reached> {
  const { port, timeoutMs, routes: only, untilBanner, env, platform, signal, trace, onRoute } = options;
  const start = now();
  const resolution = await findWithin(target, text, options);
  const until = (untilBanner ? start : now()) + timeoutMs;
  const leftMs = () => Math.max(1, until - now());
  const failed: FailedRoute[] = [];
  const turns = routesOf(resolution, { text, port, only, untilBanner, env });
  const next = async () => ('next' in turns ? (await turns.next()).value : undefined) ?? undefined;
  // The only one is not waited for.
  let turn = 'next' in turns ? await next() : turns[0];
  for (; turn; turn = await next()) {
    const { name, after, waits, why } = turn;
    if (why !== undefined) trace?.('route', why);
    let route: Route | undefined;
    try {
      route = await turn.find(leftMs());
      const { endpoint } = route;
      const last = failed.at(-1);
      if (last) {
        trace?.('route', `${last.name}: ${last.error.problem}`);
        trace?.('route', `next: ${name}, ${formatEndpoint(endpoint)}`, endpoint);
      }
      const end = now() + leftMs() / (1 + after);
      await options.beforeOpen?.(target, endpoint, resolution.machine);
      const { recheck } = route === resolution.routes[0] ? resolution : {};
      const connection = await openRechecked({ endpoint, recheck }, Math.max(1, end - now()), options);
      const banner = waits ? await bannerOf(connection, Math.max(1, end - now()), signal) : undefined;
      onRoute?.(route, banner === undefined ? {} : { banner });
      if (waits) await turn.remember?.(name);
      return { target, resolution, route, connection };
    } catch (caught) {
      const error = withTarget(text, caught);
      // A machine that cannot be started has no other route.
      if (!(error instanceof ConnectError) || ['INTERRUPTED', 'NOT_STARTED'].includes(error.code))
        throw error;
      failed.push({ name, error });
      if (route) onRoute?.(route, { error });
      // No time is left to ask other sources.
      if (after === 0 && now() >= until) break;
    }
  }
  const { allFailed, orSetup } = await import('./all-failed.js');
  const here = { text, env, platform, signal };
  throw await orSetup(withTrouble(allFailed(failed), resolution), failed, resolution.machine, here);
}

function withTrouble(error: ConnectError, { trouble }: Reachable): ConnectError {
  if (!trouble) return error;
  const { problem, hint } = error;
  return errorWith(error, {
    problem: `${problem}; ${trouble.problem}`,
    hint: hint === undefined ? trouble.hint : `${hint}; ${trouble.hint}`,
  });
}

async function findWithin(target: Target, text: string, options: ReachOptions): Promise<Reachable> {
  const { port, routes, timeoutMs, untilBanner, signal, env, platform, resolve = resolveTarget } = options;
  const ask = (own: AbortSignal | undefined) =>
    resolve(target, { text, port, routes, signal: own, env, platform });
  const answer = untilBanner
    ? import('../connect/wait.js').then(({ inTime }) => inTime(timeoutMs, signal, ask))
    : ask(signal);
  const machine = await withInterruption(text, signal, answer);
  const [first] = machine.routes;
  if (options.trace) {
    const last = first ? [...first.steps, formatEndpoint(first.endpoint)] : [];
    options.trace('resolve', [...machine.steps, ...last].join(' → '), first?.endpoint);
  }
  return machine;
}

async function openRechecked(
  { endpoint, recheck }: { readonly endpoint: Endpoint; readonly recheck?: Reachable['recheck'] },
  timeoutMs: number,
  { startMs, bring, hostKeys, signal, env, native, trace }: ReachOptions,
): Promise<Connection> {
  try {
    const opening = { startMs, bring, hostKeys, signal, env, timeoutMs };
    const connection = await openConnection(endpoint, opening, native);
    if (trace) {
      const { handle, note = '', isUnanswered } = connection;
      const where = formatEndpoint(connection.endpoint);
      const state = isUnanswered ? `: ${hangsOrBoots}` : ' is open';
      trace('connect', `${where}${state}${handle ? '' : ' (without the addon)'}${note}`);
    }
    return connection;
  } catch (error) {
    if (!recheck || !(error instanceof ConnectError) || !notThere.has(error.code)) throw error;
    const now = await withInterruption(error.target, signal, recheck());
    if (!now) throw error;
    const { op, target, code } = error;
    throw new ConnectError(op, target, { ...now, code, cause: error });
  }
}

const notThere: ReadonlySet<string> = new Set([
  'WSAEADDRNOTAVAIL',
  'WSAENETUNREACH',
  'WSAECONNREFUSED',
  'WSAETIMEDOUT',
  'ETIMEDOUT',
  'ENODEV',
]);

async function withInterruption<T>(target: string, signal: AbortSignal | undefined, work: Promise<T>) {
  try {
    return await work;
  } catch (error) {
    if (!signal?.aborted) throw withTarget(target, error);
    throw new ConnectError('resolve', target, { code: 'INTERRUPTED', problem: 'interrupted', cause: error });
  }
}
