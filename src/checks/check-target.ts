import { ConnectError, type ConnectErrorInit, isOp, type Op, quote } from '../base/errors.js';
import { now } from '../base/runtime.js';
import { madeLogin } from '../book/logins.js';
import { portArgument } from '../cli/command.js';
import { notStarted, reachArgs, windowsVmssh } from '../cli/reach/over-interop.js';
import { reachOrStart, socketWarning } from '../cli/reach/reach-target.js';
import type { ReachFlags } from '../cli/shared-options.js';
import { openConnection } from '../connect/open.js';
import { sshLogin } from '../keys/login-key.js';
import { resolveTarget } from '../kinds/kinds.js';
import type { Io } from '../process/io.js';
import { runProgram } from '../process/run-program.js';
import { typedSsh } from '../process/ssh-program.js';
import { orSetup } from '../reach/all-failed.js';
import { findTarget, splitLogin } from '../reach/login.js';
import type { OnRoute, Reached, ReachOptions, Trace } from '../reach/reach.js';
import { allRoutes, firstRoute, hasIp, type RoutesOptions } from '../reach/routes.js';
import type { Reachable } from '../sources/source.js';
import { isJsonObject, parseJson } from '../sources/tools/json.js';
import { awaitBanner, unanswered } from '../ssh/banner.js';
import { handshake } from '../ssh/handshake.js';
import { typedHost } from '../typed/names.js';
import { type Endpoint, formatEndpoint, type Route, routeFacts, routeOf } from '../typed/route.js';
import { withTarget } from '../typed/shell.js';
import { describeTarget } from '../typed/target.js';
import type { KnownKeys } from './host-key.js';
import type { CheckedRoute, CheckResult, LastStage, Means, Stage, StageName } from './result.js';

interface CheckTargetOptions extends ReachFlags {
  /** Undefined: the port of an ssh:// form, or 22. */
  readonly port: number | undefined;
  /** Undefined: the user before an "@", or the one that `vmssh setup` or the machine's manager made, or ssh's own choice. */
  readonly user: string | undefined;
  readonly sshConfig?: string;
  /** The last stage; "resolved" opens nothing. Undefined: "authentication". */
  readonly until?: LastStage;
  /** A login has shown that the machine takes no connection. */
  readonly hangs?: boolean | undefined;
}

interface Check {
  readonly options: CheckTargetOptions;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly onStage: (next: string) => void;
  readonly stages: Stage[];
  pass(stage: StageName, text: string): void;
  means?: CheckResult['means'];
  routes?: readonly CheckedRoute[] | undefined;
  readonly tried: readonly CheckedRoute[];
  readonly onRoute: OnRoute;
  reached?: Reached;
}

/** Connects to a machine and records each stage up to the login; `onStage` gets the next one. A failure is part of the result. Throws a UsageError for an invalid port. */
export async function checkTarget(
  target: string,
  options: CheckTargetOptions,
  io: Io,
  signal: AbortSignal,
  onStage: (next: string) => void = () => {},
): Promise<CheckResult> {
  const stages: Stage[] = [];
  let last = now();
  const pass = (stage: StageName, text: string) => {
    // With --wait a stage may pass again in the next attempt: the last one counts.
    const at = stages.findIndex((each) => each.stage === stage);
    if (at >= 0) stages.splice(at);
    const time = now();
    stages.push({ stage, ms: Math.round((time - last) * 10) / 10, found: text });
    last = time;
  };
  const check: Check = { options, io, signal, onStage, stages, pass, ...triedRoutes() };
  let there: Partial<CheckResult> | undefined;
  let error: ConnectError | undefined;
  try {
    const machine = await locate(target, check);
    const windows = windowsVmssh(machine.target, io);
    if (windows !== undefined) there = await overInterop(windows, machine, check);
    else await (options.until === 'resolved' ? resolve : open)(machine, check);
  } catch (caught) {
    if (!(caught instanceof ConnectError)) throw caught;
    error = caught;
  } finally {
    check.reached?.connection.close();
  }
  const { means, tried } = check;
  // The only route is no row of its own, unless it was chosen.
  const { routes = tried.length > 1 || options.routes ? tried : [] } = check;
  return { target, means, stages, routes, error, ...there };
}

type Located = Awaited<ReturnType<typeof locate>>;

async function locate(typed: string, check: Check) {
  const { options, io, signal, onStage } = check;
  const { user: typedUser, host } = splitLogin(typed);
  const asked = { host: typedHost(host) ?? host, sshConfig: options.sshConfig, ssh: typedSsh, signal };
  // Started now, so that no stage waits for it.
  const early = options.until === 'resolved' ? undefined : sshLogin(asked, io);
  onStage('looking for the machine');
  const means = await findTarget(typed, io, signal);
  const { text, machine } = means;
  if (machine) check.pass('found', `${machine.name} of ${machine.provider} is ${text}, ${machine.status}`);
  const port = options.port ?? portArgument(means.port ?? (await early)?.port);
  const login = await madeLogin(machine, io);
  // Undefined: nobody has said one.
  const named = options.user ?? typedUser ?? login?.user;
  const user = named ?? (await early)?.user ?? '';
  // Before anything is opened.
  const { name, target: listed } = machine ?? {};
  const known = { text, listed, port, machine: name, parsed: means.target, user };
  check.means = known;
  return { ...means, host, port, login, named, known };
}

async function overInterop(windows: string, { text, port, named, known }: Located, check: Check) {
  const { options, io, signal, onStage, stages } = check;
  onStage(`through ${windows}`);
  const there = await checkOverInterop(windows, { text, port, user: named }, options, io.env, signal);
  const { endpoint, steps } = there;
  return { ...there, means: { ...known, endpoint, steps }, stages: [...stages, ...there.stages] };
}

async function resolve({ text, port, target, login, named, known }: Located, check: Check): Promise<void> {
  const { io, signal, pass } = check;
  const { env, platform } = io;
  const { routes: only } = check.options;
  pass('parsed', describeTarget(target));
  const resolution = await resolveTarget(target, { text, port, routes: only, signal, env, platform });
  check.routes = await untriedRoutes(resolution, { text, port, only });
  const { endpoint, steps: last } = await firstRoute(resolution, { text, port, only });
  const steps = [...resolution.steps, ...last];
  pass('resolved', [...steps, formatEndpoint(endpoint)].join(' → '));
  const { identityFile, user = '' } = login ?? (await madeLogin(resolution.machine, io)) ?? {};
  check.means = { ...known, user: named ?? user, endpoint, steps, identityFile };
}

/** That the machine has the connection is not said. */
function hanging({ stages }: Check, text: string, endpoint: Endpoint) {
  if (stages.at(-1)?.stage === 'connected') stages.pop();
  return withTarget(text, unanswered(endpoint));
}

async function open(machine: Located, check: Check): Promise<void> {
  const { options, io, signal, onStage, pass } = check;
  const { text, port, login, named, known, host: typed } = machine;
  const { timeoutMs, waitMs, start, routes, hangs } = options;
  const { env, platform } = io;
  if (hangs) {
    await resolve(machine, check);
    check.routes = undefined;
    if (check.means?.endpoint) throw hanging(check, text, check.means.endpoint);
  }
  const reaching: ReachOptions = {
    ...{ port, timeoutMs, waitMs, routes, onRoute: check.onRoute, signal },
    ...{ env, platform, beforeOpen: socketWarning(io) },
    trace(step, outcome, endpoint) {
      if (endpoint) check.means = { ...known, endpoint };
      if (step === 'wait' || step === 'route') onStage(outcome);
      else pass(stageOf[step], outcome);
    },
  };
  const reached = await reachOrStart(machine, reaching, start, io);
  check.reached = reached;
  const { connection, resolution, route } = reached;
  if (connection.isUnanswered) throw hanging(check, text, connection.endpoint);
  const { knownKeys } = await import('./host-key.js');
  const { endpoint } = connection;
  const keys = knownKeys({ ...reached, text, machine: machine.machine, typed, endpoint }, io);
  // Awaited at the stage of the host key; an earlier stage may fail first.
  keys.catch(() => {});
  onStage('waiting for the banner');
  const { identityFile, user: made } = login ?? (await madeLogin(resolution.machine, io)) ?? {};
  const user = named ?? made ?? known.user;
  const steps = [...resolution.steps, ...route.steps];
  check.means = { ...known, user, endpoint, steps, identityFile };
  const banner = await awaitBanner(connection, timeoutMs, signal).catch(async (caught) => {
    const here = { text, env, platform, signal };
    throw await orSetup(withTarget(text, caught), [route], resolution.machine, here);
  });
  pass('banner', banner);
  if (options.until === 'banner') return;
  onStage('SSH handshake');
  const shownKeys = await keys;
  // With the user's own ssh, over a new connection: some machines accept one at a time.
  connection.close();
  await logIn(machine, { ...reached, banner, user, keys: shownKeys }, check);
}

async function logIn(
  { text, port, host }: Located,
  { connection, resolution, banner, user, keys }: Reached & { banner: string; user: string; keys: KnownKeys },
  check: Check,
): Promise<void> {
  const { options, io, signal, onStage, pass } = check;
  const { timeoutMs, routes, sshConfig } = options;
  const { self, platform, env } = io;
  if (!routes && (resolution.routes.length > 1 || resolution.askIp)) {
    check.onRoute(connection, { banner });
    const others = { text, port, timeoutMs, env, signal, onStage };
    check.routes = await checkRoutes(resolution, check.tried, others);
  }
  const { knownAs } = keys;
  const shake = { host: typedHost(host), port, user, timeoutMs, routes, signal, sshConfig, knownAs };
  const { hostKey, methods } = await handshake({ target: text, ...shake, self, platform, env });
  const since = await keys.check(hostKey);
  pass('host key', `${hostKey.type} ${hostKey.fingerprint}${since ? ` (${since})` : ''}`);
  pass('authentication', `${methods.join(', ')} for ${user}`);
}

const stageOf = {
  parse: 'parsed',
  start: 'started',
  resolve: 'resolved',
  connect: 'connected',
  route: 'connected',
  relay: 'connected',
} as const satisfies Partial<Record<Parameters<Trace>[0], StageName>>;

type CheckRoutesOptions = Pick<ReachOptions, 'port' | 'timeoutMs' | 'env'> &
  Pick<Check, 'signal' | 'onStage'> & { readonly text: string };

function triedRoutes(): { readonly onRoute: OnRoute; readonly tried: readonly CheckedRoute[] } {
  const tried: CheckedRoute[] = [];
  const onRoute: OnRoute = ({ endpoint }, { banner, error }) => {
    const address = formatEndpoint(endpoint);
    const route = routeOf(endpoint);
    if (route === undefined) return;
    // With --wait all are tried again: the last time counts.
    const at = tried.findIndex((route) => route.address === address);
    if (at >= 0) tried.splice(at, 1);
    tried.push(
      error
        ? { route, address, endpoint, state: 'failed', found: error.problem }
        : { route, address, endpoint, state: 'ok', found: banner ?? 'it is open' },
    );
  };
  return { onRoute, tried };
}

/** The steps and, after a login, the machine's other routes: each is tried, but none over a network. */
async function checkRoutes(
  resolution: Reachable,
  tried: readonly CheckedRoute[],
  options: CheckRoutesOptions,
): Promise<readonly CheckedRoute[]> {
  const results = [...tried];
  const { text, port } = options;
  const others = await allRoutes(resolution, { text, port }).catch(() => []);
  for (const row of rowsOf(others)) {
    if (results.some((route) => route.address === row.address)) continue;
    options.onStage(`route ${row.route}`);
    results.push({ ...row, ...(await tryRoute(row.endpoint, options)) });
  }
  return withIp(results, resolution);
}

/** The machine's routes, or those of them that were chosen: none is opened. Throws a ConnectError. */
async function untriedRoutes(resolution: Reachable, options: RoutesOptions) {
  const rows = rowsOf(await allRoutes(resolution, options)).map((row): CheckedRoute => {
    const { costs, needs } = routeFacts[row.route];
    return { ...row, state: 'skipped', found: `${costs}; needs ${needs}` };
  });
  return options.only ? rows : withIp(rows, resolution);
}

function rowsOf(routes: readonly Route[]) {
  return routes.flatMap(({ endpoint, steps }) => {
    const route = routeOf(endpoint);
    return route ? [{ route, address: formatEndpoint(endpoint), endpoint, steps }] : [];
  });
}

function withIp(rows: readonly CheckedRoute[], machine: Reachable): readonly CheckedRoute[] {
  if (!hasIp(machine) || rows.some(({ route }) => route === 'ip')) return rows;
  return [...rows, { route: 'ip', state: 'skipped', found: routeFacts.ip.needs }];
}

async function tryRoute(
  endpoint: Endpoint,
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

type Outcome = Pick<CheckResult, 'stages' | 'routes' | 'error'> & Pick<Means, 'endpoint' | 'steps'>;

/** Inside WSL2: checks a target of Windows by the Windows build of vmssh. Throws a ConnectError. */
export async function checkOverInterop(
  program: string,
  to: { readonly text: string; readonly port: number; readonly user: string | undefined },
  options: ReachFlags & { readonly until?: LastStage },
  env: Io['env'],
  signal: AbortSignal,
): Promise<Outcome> {
  const { text: target, port, user } = to;
  // The login is tried from here.
  const { until = 'authentication' } = options;
  const last = `--until=${until === 'login' ? 'authentication' : until}`;
  const login = user === undefined ? [] : [`--user=${user}`];
  const flags = [last, `--port=${port}`, ...login, ...reachArgs(options)];
  const command = [program, 'check', '--json', ...flags, '--', target];
  const { stdout, stopped } = await runProgram(command, { env, signal, stderr: 'inherit' }).catch((error) => {
    throw notStarted(program, target, error);
  });
  if (stopped === 'aborted')
    throw new ConnectError('connect', target, { code: 'INTERRUPTED', problem: 'interrupted' });
  return parseCheck(stdout, target);
}

function parseCheck(printed: string, target: string): Outcome {
  try {
    const { results } = parseJson(printed) as {
      results: [
        Pick<CheckResult, 'stages' | 'routes'> &
          Pick<Means, 'endpoint' | 'steps'> & { error?: ConnectErrorInit & { op: Op } },
      ];
    };
    const [{ stages, routes = [], endpoint, steps, error }] = results;
    if (!stages.every(isJsonObject)) throw new TypeError('stages');
    if (!routes.every(isJsonObject)) throw new TypeError('routes');
    if (error && !isOp(error.op)) throw new TypeError('op');
    return { stages, routes, endpoint, steps, error: error && new ConnectError(error.op, target, error) };
  } catch (cause) {
    throw new ConnectError('connect', target, {
      code: 'NOT_RUN',
      problem: `vmssh.exe of Windows printed ${quote(printed.slice(0, 80))} instead of its result`,
      hint: 'check that it is the same version: vmssh.exe --version',
      cause,
    });
  }
}
