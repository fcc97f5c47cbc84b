import { sshPort } from './address/port.js';
import { now } from './clock.js';
import type { Connection } from './connect/connection.js';
import { openConnection } from './connect/open.js';
import type { OpenOptions } from './connect/open-options.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { ConnectError } from './errors.js';
import type { Interruption } from './interruption.js';
import type { Target } from './kinds/kinds.js';
import { resolveTarget } from './kinds/kinds.js';
import type { TypedTarget } from './kinds/parse.js';
import type { AddonState } from './native.js';
import type { Resolution } from './resolve/resolution.js';
import type { RouteName } from './route.js';
import type { ByRoutesOptions, OnRoute } from './routes/by-routes.js';
import { describeTarget } from './target/describe.js';

/** Called at the end of each step with its outcome, and with the `endpoint` once a target is resolved, or another route is tried. */
export type Trace = (
  step: 'parse' | 'resolve' | 'start' | 'route' | 'connect' | 'wait' | 'relay',
  outcome: string,
  endpoint?: Endpoint,
) => void;

export interface ReachOptions {
  /** The port if the target names none. */
  readonly port: number;
  /** Milliseconds for one connect; if a machine has several routes, for all of them and a banner. */
  readonly timeoutMs: number;
  /**
   * Whether all of it has to be over within `timeoutMs`, up to the banner of the only route, too: somebody has set that limit.
   * Undefined: only the opening, and the banner of a route that is one of `routes`.
   */
  readonly looks?: boolean | undefined;
  /** The only routes to try, in this order; undefined: the machine's own, and no network if there is another. */
  readonly routes?: readonly RouteName[] | undefined;
  /** Milliseconds to retry until an SSH banner arrives; undefined: one attempt, without waiting for a banner. */
  readonly waitMs?: number | undefined;
  /** For a machine behind another hypervisor: milliseconds to start it there if it is off; undefined: it is not started. */
  readonly startMs?: number | undefined;
  readonly signal?: Interruption | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly native?: (() => AddonState) | undefined;
  /** Replaces the search for the target's endpoint. */
  readonly resolve?: typeof resolveTarget | undefined;
  readonly trace?: Trace | undefined;
  /** Called after each of several routes. */
  readonly onRoute?: OnRoute | undefined;
  /**
   * Asked just before the only route is opened, if its banner is not awaited: what the connection is for, if only for our own
   * stdin and stdout.
   */
  readonly stdio?: ((endpoint: Endpoint) => OpenOptions['stdio']) | undefined;
  /** Called with a target and its endpoint, just before it is opened. */
  readonly beforeOpen?: ((target: Target, endpoint: Endpoint) => Promise<void>) | undefined;
}

type Limits = Pick<OpenOptions, 'timeoutMs' | 'stdio'>;

export interface Reached {
  readonly target: Target;
  /** The route that was opened, maybe not its first, is the connection's endpoint. */
  readonly resolution: Resolution;
  readonly connection: Connection;
}

/** From a target to an open socket. Throws a ConnectError. */
export async function reach({ text, target }: TypedTarget, options: ReachOptions): Promise<Reached> {
  options.trace?.('parse', describeTarget(target));
  if (options.waitMs === undefined) {
    const reached = await attempt(target, text, options);
    // The vmssh at the other end of a hop chooses the route, and each route here has shown its banner.
    const isHop = reached.resolution.endpoint.family === 'via';
    if (isHop && options.looks && options.port === sshPort)
      await bannerOf(reached, text, options.timeoutMs, options);
    return reached;
  }
  const { openWhenReady } = await import('./connect/wait.js');
  return openWhenReady(
    async (leftMs) => {
      const timeoutMs = Math.min(options.timeoutMs, leftMs);
      const reached = await attempt(target, text, { ...options, timeoutMs, stdio: undefined, looks: false });
      const banner = await bannerOf(reached, text, timeoutMs, options);
      options.trace?.('wait', `banner ${banner}`);
      return reached;
    },
    {
      target: text,
      waitMs: options.waitMs,
      signal: options.signal,
      onRetry: ({ message }, nextMs) => options.trace?.('wait', `${message}; again ${soon(nextMs)}`),
    },
  );
}

/** The banner of an open connection, which is closed if none comes. Throws a ConnectError. */
async function bannerOf(
  { connection }: Reached,
  text: string,
  timeoutMs: number,
  { signal }: Pick<ReachOptions, 'signal'>,
): Promise<string> {
  const { awaitBanner } = await import('./ssh/await-banner.js');
  try {
    return await awaitBanner(connection, text, timeoutMs, signal);
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function attempt(target: Target, text: string, options: ReachOptions): Promise<Reached> {
  const { port, routes, looks, startMs, signal, env, platform, native, trace } = options;
  const { resolve = resolveTarget } = options;
  const start = now();
  const ask = (own: Interruption | undefined) =>
    resolve(target, { text, port, routes, signal: own, env, platform });
  const answer = looks
    ? import('./resolve/in-time.js').then(({ inTime }) => inTime(text, options.timeoutMs, signal, ask))
    : ask(signal);
  const resolution = await withInterruption(text, signal, answer);
  trace?.(
    'resolve',
    [...resolution.steps, formatEndpoint(resolution.endpoint)].join(' → '),
    resolution.endpoint,
  );
  const open = async (route: Pick<Resolution, 'endpoint' | 'recheck'>, more: Limits) => {
    await options.beforeOpen?.(target, route.endpoint);
    const connection = await openRechecked(route, { target: text, startMs, signal, env, ...more }, native);
    trace?.(
      'connect',
      `${formatEndpoint(connection.endpoint)} is open${connection.handle ? '' : ' (without the addon)'}${connection.note ?? ''}`,
    );
    return connection;
  };
  const timeoutMs = looks ? Math.max(1, start + options.timeoutMs - now()) : options.timeoutMs;
  const until = now() + timeoutMs;
  const byRoutes = (limitMs: number): ByRoutesOptions => ({
    ...{ text, port, timeoutMs: limitMs, routes, looks, env, signal, onRoute: options.onRoute },
    open: (each, leftMs) =>
      open(each.endpoint === resolution.endpoint ? resolution : each, { timeoutMs: leftMs }),
    trace: trace && ((outcome, endpoint) => trace('route', outcome, endpoint)),
  });
  const isHop = resolution.endpoint.family === 'via';
  if (routes !== undefined || resolution.others !== undefined || (looks && !isHop && port === sshPort)) {
    const { openByRoutes } = await import('./routes/by-routes.js');
    return { target, resolution, connection: await openByRoutes(resolution, byRoutes(timeoutMs)) };
  }
  const stdio = options.stdio?.(resolution.endpoint);
  try {
    return { target, resolution, connection: await open(resolution, { timeoutMs, stdio }) };
  } catch (error) {
    const leftMs = until - now();
    // Another program has our stdin.
    const isOver = stdio !== undefined || leftMs <= 0 || !resolution.joined;
    if (isOver || !(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    const { openJoined } = await import('./routes/by-routes.js');
    return { target, resolution, connection: await openJoined(resolution, error, byRoutes(leftMs)) };
  }
}

/** Opens the endpoint; if the machine is not there, asks why. */
async function openRechecked(
  { endpoint, recheck }: Pick<Resolution, 'endpoint' | 'recheck'>,
  options: OpenOptions,
  native: (() => AddonState) | undefined,
): Promise<Connection> {
  try {
    return await openConnection(endpoint, options, native);
  } catch (error) {
    if (!recheck || !(error instanceof ConnectError) || !notThere.has(error.code)) throw error;
    const now = await withInterruption(options.target, options.signal, recheck());
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
]);

async function withInterruption<T>(
  text: string,
  signal: Interruption | undefined,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new ConnectError('resolve', text, { code: 'INTERRUPTED', problem: 'interrupted', cause: error });
  }
}

function soon(ms: number): string {
  return ms === 0 ? 'at once' : `in ${Math.round(ms / 100) / 10} s`;
}
