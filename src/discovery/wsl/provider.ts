import { DiscoveryError } from '../discovery-error.js';
import { match } from '../match.js';
import type { Deps, DiscoveredMachine, Provider, Warning } from '../provider.js';
import { type Search, searchIn } from '../search.js';
import { listDistros, type WslDistro } from './wsl.js';

/** The distributions of WSL2. */
export const wsl: Provider = {
  name: 'wsl',
  title: 'WSL2',
  platforms: ['win32'],
  limitMs: 5000, // its service may have to start
  list: async (deps) => ({ found: (await listDistros(deps)).map(toDiscovered), warnings: [] }),
  find: (name, deps) => findDistro(name, deps),
};

/** By name; there are no lasting ids. */
export async function findDistro(
  name: string,
  deps: Deps,
  list: (deps: Deps) => Promise<readonly WslDistro[]> = (deps) => listDistros(deps),
): Promise<Search<DiscoveredMachine, Warning>> {
  try {
    const found = (await list(deps)).map(toDiscovered);
    return searchIn(match(name, found), found, (each) => each.name);
  } catch (error) {
    deps.signal?.throwIfAborted();
    if (!(error instanceof DiscoveryError)) throw error;
    return unavailable(error);
  }
}

/** The outcome if WSL did not answer. */
export function unavailable(cause: DiscoveryError) {
  const { message: problem } = cause;
  const why = { code: 'NOT_FOUND', problem, hint: 'see wsl --status', warnings: [], cause };
  return { outcome: 'unavailable', ...why } as const;
}

function toDiscovered({ name, running }: WslDistro): DiscoveredMachine {
  return { name, target: `wsl/${name}`, status: running ? 'running' : 'off', provider: wsl.name };
}
