import type { Io } from '../cli/command.js';
import { windowsVmssh } from '../cli/reach/over-interop.js';
import { reachOrStart } from '../cli/reach/reach-by.js';
import { socketWarning } from '../cli/reach/socket-warning.js';
import { sshUser } from '../cli/reach/ssh-user.js';
import { stepTrace } from '../cli/reach/trace.js';
import type { ReachFlags } from '../cli/shared-options.js';
import { portArgument } from '../cli/values.js';
import { now as clock } from '../clock.js';
import { ConnectError } from '../errors.js';
import { findTarget } from '../lookup/find-target.js';
import { splitLogin } from '../lookup/login.js';
import { sshProgram } from '../process/ssh-program.js';
import type { Reached, ReachOptions, Trace } from '../reach.js';
import { awaitBanner } from '../ssh/await-banner.js';
import { handshake } from '../ssh/handshake.js';
import { checkRoutes, triedRoutes } from './check-routes.js';
import { knownKeys } from './host-key.js';
import type { CheckedRoute, CheckResult, Stage, StageName } from './result.js';

export interface CheckTargetOptions extends ReachFlags {
  /** Undefined: the port of an ssh:// form, or 22. */
  readonly port: number | undefined;
  /** Undefined: the user before an "@", or the one that the machine's manager made, or ssh's own choice. */
  readonly user: string | undefined;
  /** ssh's configuration file, as for ssh -F. */
  readonly sshConfig?: string | undefined;
}

/**
 * Connects to one machine, given by target or name, and records each stage up to the login; `onStage` gets the next one.
 * A failure is part of the result. Throws a UsageError for an invalid port.
 */
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
  const { user: named, host } = splitLogin(target);
  // Started now, so that no stage waits for it.
  const ssh = options.user ?? named ?? sshUser({ host, sshConfig: options.sshConfig, signal }, io);
  let means: CheckResult['means'];
  let reached: Reached | undefined;
  const { onRoute, tried } = triedRoutes();
  let routes: readonly CheckedRoute[] = tried;
  try {
    const { timeoutMs, waitMs, start } = options;
    const verbose = options.verbose ? stepTrace(io) : undefined;
    onStage('looking for the machine');
    const found = await findTarget(target, io, signal);
    const { text, machine, ...typed } = found;
    if (machine) pass('found', `${machine.name} of ${machine.provider} is ${text}, ${machine.status}`);
    const port = options.port ?? portArgument(typed.port);
    const byDefault = options.user ?? typed.user ?? (await ssh);
    const known = { text, port, machine: machine?.name };
    means = { ...known, user: byDefault };
    const windows = windowsVmssh(found.target, io);
    if (windows !== undefined) {
      onStage(`through ${windows}`);
      const { checkOverInterop } = await import('./check-over-interop.js');
      const to = { text, port, user: options.user ?? typed.user };
      const there = await checkOverInterop(windows, to, options, io.env, signal);
      return {
        target,
        means,
        stages: [...stages, ...there.stages],
        error: there.error,
        routes: there.routes,
      };
    }
    const reaching: ReachOptions = {
      port,
      timeoutMs,
      waitMs,
      routes: options.routes,
      onRoute,
      signal,
      env: io.env,
      platform: io.platform,
      beforeOpen: socketWarning(io),
      trace(step, outcome, endpoint) {
        verbose?.(step, outcome);
        if (endpoint) means = { ...known, user: byDefault, family: endpoint.family };
        if (step === 'wait' || step === 'route') return onStage(outcome);
        const name = stageOf[step];
        forget(stages, name);
        pass(name, outcome);
      },
    };
    reached = await reachOrStart(found, reaching, start, io);
    const keys = knownKeys({ ...found, typed: host, port }, io, signal);
    onStage('waiting for the banner');
    const user = options.user ?? typed.user ?? reached.resolution.user ?? byDefault;
    const { connection, resolution } = reached;
    const { identityFile } = resolution;
    means = { ...known, user, family: connection.endpoint.family, identityFile };
    const banner = await awaitBanner(connection, text, timeoutMs, signal);
    pass('banner', banner);
    onStage('SSH handshake');
    const { knownAs, check } = await keys;
    const { self, platform, env } = io;
    const shake = { target: text, port, user, timeoutMs, routes: options.routes, signal };
    const own = { self, platform, env, ssh: sshProgram(io), sshConfig: options.sshConfig };
    // With the user's own ssh, over a new connection: some machines accept one at a time.
    connection.close();
    if (!options.routes && (resolution.others || resolution.ip)) {
      if (tried.length === 0) onRoute(connection, { banner });
      routes = await checkRoutes(resolution, tried, { text, timeoutMs, env: io.env, signal, onStage });
    }
    const { hostKey, methods } = await handshake({ ...shake, ...own, knownAs });
    check(hostKey);
    pass('host key', `${hostKey.type} ${hostKey.fingerprint}`);
    pass('authentication', `${methods.join(', ')} for ${user}`);
    return { target, means, stages, routes };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { target, means, stages, routes, error };
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
