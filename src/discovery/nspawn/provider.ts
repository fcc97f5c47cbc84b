import type { Deps, DiscoveredMachine, Listing, Provider, Warning } from '../provider.js';
import type { Search } from '../search.js';
import { type Export, findExport, listExports, type ReadFailure } from './nspawn.js';

/** A container and the path of its exported socket. */
export interface DiscoveredExport extends DiscoveredMachine {
  readonly path: string;
}

/** The systemd-nspawn containers that export a socket; needs no machined. */
export const nspawn: Provider<DiscoveredExport> = {
  name: 'nspawn',
  title: 'systemd-nspawn',
  platforms: ['linux'],
  list,
  find,
};

async function list(deps: Deps): Promise<Listing<DiscoveredExport>> {
  const { exports, failures } = await listExports(deps);
  return { found: exports.map(toDiscovered), warnings: failures.map(toWarning) };
}

async function find(name: string, deps: Deps): Promise<Search<DiscoveredExport, Warning>> {
  const search = await findExport(name, deps);
  if (search.outcome === 'refused') return search;
  const warnings = search.warnings.map(toWarning);
  return search.outcome === 'found'
    ? { outcome: 'found', machine: toDiscovered(search.machine), warnings }
    : { ...search, warnings };
}

// A killed container leaves its socket.
function toDiscovered({ name, path }: Export): DiscoveredExport {
  const routes = [{ route: 'export', address: `unix${path}` }] as const;
  return { name, path, target: `container/${name}`, status: 'unknown', provider: nspawn.name, routes };
}

function toWarning({ code, problem }: ReadFailure): Warning {
  return { provider: nspawn.name, code, problem };
}
