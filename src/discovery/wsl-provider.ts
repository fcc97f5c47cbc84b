import { DiscoveryError } from './discovery-error.js';
import type { Deps, Found, Listing, Provider } from './provider.js';
import { listDistros, type WslDistro } from './wsl.js';

/** The distributions of WSL2. */
export const wsl: Provider = {
  name: 'wsl',
  platforms: ['win32'],
  limitMs: 5000, // its service may have to start
  list: (deps) => listWsl(deps),
};

export async function listWsl(
  deps: Deps,
  list: (deps: Deps) => Promise<readonly WslDistro[]> = (deps) => listDistros(deps),
): Promise<Listing> {
  try {
    return { found: (await list(deps)).map(toFound), warnings: [] };
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    const { code, message: problem } = error;
    return { found: [], warnings: [{ provider: wsl.name, code, problem }] };
  }
}

function toFound({ name, running }: WslDistro): Found {
  return { name, target: `wsl/${name}`, status: running ? 'running' : 'off', provider: wsl.name };
}
