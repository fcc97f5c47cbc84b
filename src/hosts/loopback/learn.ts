import type { Io } from '../../cli/command.js';
import { now as clock } from '../../clock.js';
import { fewAtATime } from '../../discovery/few-at-a-time.js';
import { ConnectError } from '../../errors.js';
import { sshProgram } from '../../process/ssh-program.js';
import { ownAccount } from '../../ssh/account.js';
import type { HostEntry, HostState } from '../../ssh/config/state.js';
import { otherHome } from '../../ssh/folder.js';
import { handshake } from '../../ssh/handshake.js';
import { configFiles } from '../places.js';

/** How many machines are asked at the same time. */
const atOnce = 8;
/** For one machine, and for all. Milliseconds. */
const oneMs = 10_000;
const allMs = 15_000;

/**
 * Has ssh meet machines whose host keys it does not know: it keeps a key as at a first login, if the settings of that Host say so.
 * Resolves to those that showed one in time.
 */
export async function learnKeys(
  machines: readonly HostEntry[],
  { options: { routes } }: HostState,
  io: Io,
  signal: AbortSignal,
  meet = handshake,
  now = clock,
): Promise<readonly HostEntry[]> {
  const { env, platform, self } = io;
  const until = now() + allMs;
  // ssh reads the configuration of its own home.
  const sshConfig =
    otherHome(env, platform) === undefined ? undefined : configFiles({ system: false }, io).own;
  const own = { ssh: sshProgram(io), sshConfig, self, platform, env, signal };
  const met = await fewAtATime(machines, atOnce, async (machine) => {
    const { host, target, user = ownAccount()?.name ?? 'root' } = machine;
    const timeoutMs = Math.min(oneMs, until - now());
    if (timeoutMs <= 0 || signal.aborted) return [];
    // The hypervisor there chooses the route.
    const limits = { timeoutMs, routes: target.startsWith('via/') ? undefined : routes };
    try {
      await meet({ ...own, ...limits, target, port: 22, user, keptBy: host });
      return [machine];
    } catch (error) {
      if (error instanceof ConnectError) return [];
      throw error;
    }
  });
  return met.flat();
}
