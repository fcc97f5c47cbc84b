import { portArgument } from '../cli/command.js';
import { windowsVmssh } from '../cli/reach/over-interop.js';
import { reachOrStart, socketWarning } from '../cli/reach/reach-by.js';
import type { ReachFlags } from '../cli/shared-options.js';
import { stepTrace } from '../cli/terminal.js';
import { openConnection } from '../connect/open.js';
import { ConnectError, withTarget } from '../errors.js';
import { resolveTarget } from '../kinds/kinds.js';
import { findTarget, splitLogin } from '../lookup/login.js';
import type { Io } from '../process/io.js';
import { orSetup } from '../reach/all-failed.js';
import type { OnRoute, Reached, ReachOptions, Trace } from '../reach/reach.js';
import { allRoutes, firstRoute, hasIp, type RoutesOptions } from '../reach/routes.js';
import { formatEndpoint, type Route, routeFacts, routeOf } from '../route.js';
import { now as clock } from '../runtime.js';
import type { Reachable } from '../sources/source.js';
import { awaitBanner } from '../ssh/banner.js';
import { madeLogin } from '../ssh/config/logins.js';
import { handshake } from '../ssh/handshake.js';
import { sshLogin } from '../ssh/login-key.js';
import { typedHost } from '../target/names.js';
import { describeTarget } from '../target/target.js';
import type { CheckedRoute, CheckResult, LastStage, Stage, StageName } from './result.js';

interface CheckTargetOptions extends ReachFlags {
  /** Undefined: the port of an ssh:// form, or 22. */
  readonly port: number | undefined;
  /** Undefined: the user before an "@", or the one that `vmssh setup` or the machine's manager made, or ssh's own choice. */
  readonly user: string | undefined;
  /** ssh's configuration file, as for ssh -F. */
  readonly sshConfig?: string;
  /** The last stage; "resolved" opens nothing. Undefined: "authentication". */
  readonly until?: LastStage;
}

/** Connects to a machine and records each stage up to the login; `onStage` gets the next one. A failure is part of the result. Throws a UsageError for an invalid port. */
export async function checkTarget(
  target: string,
  options: CheckTargetOptions,
  io: Io,
  signal: AbortSignal,
  onStage: (next: string) => void = () => {},
  now: () => number = clock,
): Promise<CheckResult> {
  const stages: Stage[] = [];
  let last = now();
  const pass = (stage: StageName, found: string) => {
    const time = now();
    stages.push({ stage, ms: Math.round((time - last) * 10) / 10, found });
    last = time;
  };
  const { user: typedUser, host } = splitLogin(target);
  const isOpened = options.until !== 'resolved';
  // Started now, so that no stage waits for it.
  const early = isOpened
    ? sshLogin({ host: typedHost(host) ?? host, sshConfig: options.sshConfig, signal }, io)
    : undefined;
  let means: CheckResult['means'];
  let reached: Reached | undefined;
  const { onRoute, tried } = triedRoutes();
  let routes: readonly CheckedRoute[] | undefined;
  // The only route is no row of its own, unless it was chosen.
  const shown = () => routes ?? (tried.length > 1 || options.routes ? tried : []);
  try {
    const { timeoutMs, waitMs, start } = options;
    const verbose = options.verbose ? stepTrace(io) : undefined;
    onStage('looking for the machine');
    const found = await findTarget(target, io, signal);
    const { text, machine } = found;
    if (machine) pass('found', `${machine.name} of ${machine.provider} is ${text}, ${machine.status}`);
    const port = options.port ?? portArgument(found.port ?? (await early)?.port);
    const known = { text, port, machine: machine?.name, parsed: found.target };
    const login = await madeLogin(machine, io);
    const named = options.user ?? typedUser ?? login?.user;
    const byDefault = named ?? (await early)?.user ?? '';
    means = { ...known, user: byDefault };
    const windows = windowsVmssh(found.target, io);
    if (windows !== undefined) {
      onStage(`through ${windows}`);
      const { checkOverInterop } = await import('./check-over-interop.js');
      const there = await checkOverInterop(windows, { text, port, user: named }, options, io.env, signal);
      const { endpoint, steps } = there;
      means = { ...means, endpoint, steps };
      return { ...there, target, means, stages: [...stages, ...there.stages] };
    }
    if (!isOpened) {
      const { env, platform } = io;
      pass('parsed', describeTarget(found.target));
      const where = { text, port, routes: options.routes, signal, env, platform };
      const resolution = await resolveTarget(found.target, where);
      routes = await untriedRoutes(resolution, { text, port, only: options.routes });
      const first = await firstRoute(resolution, { text, port, only: options.routes });
      const { endpoint } = first;
      const steps = [...resolution.steps, ...first.steps];
      pass('resolved', [...steps, formatEndpoint(endpoint)].join(' → '));
      const { identityFile, user = '' } = login ?? (await madeLogin(resolution.machine, io)) ?? {};
      means = { ...known, user: named ?? user, endpoint, steps, identityFile };
      return { target, means, stages, routes };
    }
    const reaching: ReachOptions = {
      ...{ port, timeoutMs, waitMs, routes: options.routes, onRoute, signal },
      ...{ env: io.env, platform: io.platform, beforeOpen: socketWarning(io) },
      trace(step, outcome, endpoint) {
        verbose?.(step, outcome);
        if (endpoint) means = { ...known, user: byDefault, endpoint };
        if (step === 'wait' || step === 'route') return onStage(outcome);
        const name = stageOf[step];
        forget(stages, name);
        pass(name, outcome);
      },
    };
    reached = await reachOrStart(found, reaching, start, io);
    const { knownKeys } = await import('./host-key.js');
    const { endpoint } = reached.connection;
    const { sshConfig } = options;
    const keys = knownKeys({ ...reached, text, machine, typed: host, sshConfig, endpoint }, io);
    // Awaited at the stage of the host key; an earlier stage may fail first.
    keys.catch(() => {});
    onStage('waiting for the banner');
    const { connection, resolution, route } = reached;
    const { identityFile, user: made } = login ?? (await madeLogin(resolution.machine, io)) ?? {};
    const user = named ?? made ?? byDefault;
    const steps = [...resolution.steps, ...route.steps];
    means = { ...known, user, endpoint: connection.endpoint, steps, identityFile };
    const banner = await awaitBanner(connection, timeoutMs, signal).catch(async (caught) => {
      const here = { text, env: io.env, platform: io.platform, signal };
      throw await orSetup(withTarget(text, caught), [route], resolution.machine, here);
    });
    pass('banner', banner);
    if (options.until === 'banner') return { target, means, stages, routes: shown() };
    onStage('SSH handshake');
    const { knownAs, check } = await keys;
    const { self, platform, env } = io;
    // With the user's own ssh, over a new connection: some machines accept one at a time.
    connection.close();
    if (!options.routes && (resolution.routes.length > 1 || resolution.askIp)) {
      onRoute(connection, { banner });
      routes = await checkRoutes(resolution, tried, { text, port, timeoutMs, env: io.env, signal, onStage });
    }
    const { routes: only } = options;
    const shake = { host: typedHost(host), port, user, timeoutMs, routes: only, signal, sshConfig, knownAs };
    const { hostKey, methods } = await handshake({ target: text, ...shake, self, platform, env });
    const since = await check(hostKey);
    pass('host key', `${hostKey.type} ${hostKey.fingerprint}${since ? ` (${since})` : ''}`);
    pass('authentication', `${methods.join(', ')} for ${user}`);
    return { target, means, stages, routes: shown() };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { target, means, stages, routes: shown(), error };
  } finally {
    reached?.connection.close();
  }
}

const stageOf = {
  parse: 'parsed',
  start: 'started',
  resolve: 'resolved',
  connect: 'connected',
  route: 'connected',
  relay: 'connected',
} as const satisfies Partial<Record<Parameters<Trace>[0], StageName>>;

/** With --wait a stage may pass again in the next attempt: the last one counts. */
function forget(stages: Stage[], name: StageName): void {
  const at = stages.findIndex(({ stage }) => stage === name);
  if (at >= 0) stages.splice(at);
}

interface CheckRoutesOptions extends Pick<ReachOptions, 'port' | 'timeoutMs' | 'env'> {
  readonly text: string;
  readonly signal: AbortSignal;
  /** Gets each route that is tried. */
  readonly onStage: (next: string) => void;
}

/** What came of the routes that a login tried, in their order. */
function triedRoutes(): { readonly onRoute: OnRoute; readonly tried: readonly CheckedRoute[] } {
  const tried: CheckedRoute[] = [];
  const onRoute: OnRoute = ({ endpoint }, { banner, error }) => {
    const address = formatEndpoint(endpoint);
    const route = routeOf(endpoint);
    if (route === undefined) return;
    // With --wait all are tried again: the last time counts.
    const at = tried.findIndex((each) => each.address === address);
    if (at >= 0) tried.splice(at, 1);
    tried.push(
      error
        ? { route, address, endpoint, state: 'failed', found: error.problem }
        : { route, address, endpoint, state: 'ok', found: banner ?? 'it is open' },
    );
  };
  return { onRoute, tried };
}

/** Those and, after a login, the machine's other routes: each is tried, but none over a network. */
async function checkRoutes(
  resolution: Reachable,
  tried: readonly CheckedRoute[],
  options: CheckRoutesOptions,
): Promise<readonly CheckedRoute[]> {
  const results = [...tried];
  const { text, port } = options;
  const others = await allRoutes(resolution, { text, port }).catch(() => []);
  for (const route of others) {
    const row = rowOf(route);
    if (row === undefined || results.some((each) => each.address === row.address)) continue;
    options.onStage(`route ${row.route}`);
    results.push({ ...row, ...(await tryRoute(route, options)) });
  }
  return withIp(results, resolution);
}

/** The machine's routes, or those of them that were chosen: none is opened. Throws a ConnectError. */
async function untriedRoutes(
  resolution: Reachable,
  options: RoutesOptions,
): Promise<readonly CheckedRoute[]> {
  const routes = await allRoutes(resolution, options);
  const rows = routes.flatMap((route): CheckedRoute[] => {
    const row = rowOf(route);
    if (row === undefined) return [];
    const { costs, needs } = routeFacts[row.route];
    return [{ ...row, state: 'skipped', found: `${costs}; needs ${needs}` }];
  });
  return options.only ? rows : withIp(rows, resolution);
}

function rowOf({ endpoint, steps }: Route) {
  const route = routeOf(endpoint);
  return route && { route, address: formatEndpoint(endpoint), endpoint, steps };
}

function withIp(rows: readonly CheckedRoute[], machine: Reachable): readonly CheckedRoute[] {
  if (!hasIp(machine) || rows.some(({ route }) => route === 'ip')) return rows;
  return [...rows, { route: 'ip', state: 'skipped', found: routeFacts.ip.needs }];
}

async function tryRoute(
  { endpoint }: Route,
  { timeoutMs, env, signal }: CheckRoutesOptions,
): Promise<Pick<CheckedRoute, 'state' | 'found'>> {
  try {
    const connection = await openConnection(endpoint, { timeoutMs, signal, env });
    try {
      return { state: 'ok', found: await awaitBanner(connection, timeoutMs, signal) };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    return { state: 'failed', found: error.problem };
  }
}
