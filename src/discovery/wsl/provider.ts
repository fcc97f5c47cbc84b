import {
  type Deps,
  type DiscoveredMachine,
  type Listing,
  type Provider,
  serviceLimitMs,
} from '../provider.js';
import type { WslDistro } from './wsl.js';

/** The distributions of WSL2; they have no lasting ids. */
export const wsl: Provider = {
  name: 'wsl',
  title: 'WSL2',
  platforms: ['win32'],
  limitMs: serviceLimitMs,
  list: (deps) => listWsl(deps),
};

export async function listWsl(
  deps: Deps,
  list: (deps: Deps) => Promise<readonly WslDistro[]> = async (deps) =>
    (await import('./wsl.js')).listDistros(deps),
): Promise<Listing> {
  return { found: (await list(deps)).map(fromDistro), warnings: [] };
}

function fromDistro({ name, running }: WslDistro): DiscoveredMachine {
  return { name, target: `wsl/${name}`, status: running ? 'running' : 'off', provider: wsl.name };
}
