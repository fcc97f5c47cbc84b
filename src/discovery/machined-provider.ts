import type { Machine } from './machine.js';
import { listMachines } from './machined.js';
import { distinctMachines } from './match-machine.js';
import type { Deps, Found, Listing, Provider } from './provider.js';

/** The virtual machines and containers that systemd-machined knows. */
export const machined: Provider = { name: 'machined', platforms: ['linux'], list };

async function list(deps: Deps): Promise<Listing> {
  const { machines, failures } = await listMachines(deps);
  const names = new Set<string>();
  return {
    found: distinctMachines(machines).flatMap((machine) => {
      const isFirst = !names.has(machine.name);
      names.add(machine.name);
      return toFound(machine, isFirst ? machine.name : machine.id);
    }),
    warnings: failures
      .filter(({ code }) => code !== 'ENOENT')
      .map(({ path, code, problem }) => ({ provider: machined.name, code, problem: `${path}: ${problem}` })),
  };
}

// `handle`: the name, or the id where the name means a machine of the scope before; without either it cannot be typed.
function toFound(machine: Machine, handle: string | undefined): Found[] {
  if (handle === undefined) return [];
  const { name, vsockCid: cid, id, leader: pid, sshAddress, sshPrivateKeyPath: identityFile } = machine;
  const address = cid === undefined ? sshAddress : `vsock/${cid}`;
  const known = { target: `machine/${handle}`, status: 'running', provider: machined.name } as const;
  return [{ name, ...known, cid, uuid: formatUuid(id), pid, address, identityFile }];
}

function formatUuid(id: string | undefined): string | undefined {
  return id?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
