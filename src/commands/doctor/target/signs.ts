import { loginTimeoutMs, whyEnded } from '../../../checks/ended-login.js';
import type { CheckResult } from '../../../checks/result.js';
import type { Io } from '../../../cli/command.js';
import { sshSettings } from '../../../cli/reach/ssh-settings.js';
import { now as clock } from '../../../clock.js';
import { DiscoveryError } from '../../../discovery/discovery-error.js';
import { type HyperVService, listServices } from '../../../discovery/hyper-v/services.js';
import type { Deps, DiscoveredMachine } from '../../../discovery/provider.js';
import { sharedCids } from '../../../discovery/shared-cids.js';
import { crosvm } from '../../../discovery/vmm/crosvm.js';
import { qemu } from '../../../discovery/vmm/qemu.js';
import type { Signs } from '../../../guest/diagnose.js';
import { sshCommand } from '../../../guest/run/route.js';
import { kindOf } from '../../../kinds/kinds.js';
import { parseTarget } from '../../../kinds/parse.js';
import { splitLogin } from '../../../lookup/login.js';
import { runProgram } from '../../../process/run-program.js';
import type { RouteName } from '../../../route.js';
import { brokenControlPath } from '../../../ssh/control-path.js';

export interface SignOptions {
  readonly target: string;
  readonly port: number;
  readonly user: string;
  readonly sshConfig: string | undefined;
  /** A private key for the login, made by the machine's manager. */
  readonly identityFile?: string | undefined;
  /** The only routes to try, in this order. */
  readonly routes?: readonly RouteName[] | undefined;
  readonly check: CheckResult;
}

/** Runs a program: its exit code (undefined if it could not be started), and why it failed, which is never empty then. */
export type RunProgram = (
  command: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly code: number | undefined; readonly message: string }>;

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  { target, port, user, sshConfig, identityFile, routes, check }: SignOptions,
  io: Io,
  signal: AbortSignal,
  run: RunProgram = (command, signal) => lastMessage(command, io, signal),
  machines: () => Promise<readonly DiscoveredMachine[]> = () => machinesOfProcesses(io),
  now: () => number = clock,
  services: () => Promise<readonly HyperVService[]> = () => listServices({ env: io.env }),
): Promise<Signs> {
  const parsed = parseTarget(target);
  const { error, stages } = check;
  const handshakeMs = stages.reduce((sum, { ms }) => sum + ms, 0);
  let login: Signs['login'];
  if (!error) {
    const { self, platform } = io;
    const host = `${user}@${target}`;
    const quick = ['-o', 'BatchMode=yes', '-tt'];
    const how = { sshConfig, port, routes, identityFile, self, platform, logLevel: 'INFO' } as const;
    const ssh = sshCommand({ route: 'target', host, ...how }, quick);
    const from = now();
    const done = await run([...ssh, 'true'], signal);
    login = { in: done.code === 0, ms: now() - from, message: done.message, user };
  }
  const twice =
    io.platform === 'linux' && parsed.kind === 'vsock'
      ? sharedCids(await machines()).get(parsed.cid)
      : undefined;
  const { from: reachedFrom, takesPort } = kindOf(parsed);
  const byHyperV = io.platform === 'win32' && takesPort && reachedFrom.startsWith('windows');
  const service =
    error && byHyperV && port !== 22 && port <= 0x7fffffff ? await serviceSign(port, services) : undefined;
  const { host } = splitLogin(check.target);
  const controlPath = brokenControlPath(await sshSettings({ host, sshConfig, signal }, io), host);
  const family = check.means?.family;
  return { error, family, handshakeMs, login, controlPath, cidUsers: twice ?? [], service };
}

/** Whether a port is registered with Windows; undefined if the registry cannot be read. */
async function serviceSign(port: number, services: () => Promise<readonly HyperVService[]>) {
  try {
    return { port, registered: (await services()).some((service) => service.port === port) };
  } catch (error) {
    if (error instanceof DiscoveryError) return undefined;
    throw error;
  }
}

async function lastMessage(
  command: readonly string[],
  { env }: Io,
  signal: AbortSignal,
): ReturnType<RunProgram> {
  try {
    const end = await runProgram(command, { env, signal, timeoutMs: loginTimeoutMs });
    return { code: end.code ?? undefined, message: whyEnded(end) };
  } catch (error) {
    return { code: undefined, message: (error as Error).message };
  }
}

/** Each machine on this host whose process has a CID, if the owner of the process can be trusted. */
export async function machinesOfProcesses(deps: Deps): Promise<readonly DiscoveredMachine[]> {
  const shared = { ...deps, memo: {} };
  const lists = await Promise.all([qemu.list(shared), crosvm.list(shared)]);
  return lists.flatMap(({ found }) => found);
}
