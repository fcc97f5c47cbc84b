import { listExports } from './nspawn.js';
import type { Deps, Listing, Provider } from './provider.js';

/** The containers of systemd-nspawn that export a socket; needs no machined. */
export const nspawn: Provider = { name: 'nspawn', platforms: ['linux'], list };

async function list(deps: Deps): Promise<Listing> {
  const { exports, failures } = await listExports(deps);
  const provider = nspawn.name;
  return {
    // The socket of a container that was killed stays behind.
    found: exports.map(({ name }) => ({ name, target: `container/${name}`, status: 'unknown', provider })),
    warnings: failures.map(({ path, code }) => ({ provider, code, problem: `cannot read ${path}` })),
  };
}
