import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Deps } from '../source.js';
import { runtimeDirs, type Scope } from '../trusted-path.js';

/** The sockets at which machined itself is an ssh-agent, if this user may use them: https://github.com/systemd/systemd/pull/42364, not yet released. */
export async function agentSockets(deps: Deps): Promise<ReadonlyMap<Scope, string>> {
  const sockets = runtimeDirs(deps).map(
    ({ scope, path }) => [scope, `${path}/systemd/machine/ssh-agent`] as const,
  );
  const usable = await Promise.all(sockets.map(([, path]) => isUsable(path)));
  return new Map(sockets.filter((_, at) => usable[at]));
}

async function isUsable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return (await stat(path)).isSocket();
  } catch {
    return false;
  }
}
