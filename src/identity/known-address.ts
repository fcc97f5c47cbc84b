import { stat } from 'node:fs/promises';
import type { Endpoint } from '../endpoint.js';
import { isNamed } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { listAll } from '../sources/list-all.js';
import { machined } from '../sources/machined/provider.js';
import type { DiscoveredMachine } from '../sources/provider.js';
import type { Source } from '../sources/source.js';
import { cloudHypervisor } from '../sources/vmm/cloud-hypervisor.js';
import { crosvm } from '../sources/vmm/crosvm.js';
import { firecracker } from '../sources/vmm/firecracker.js';
import { qemu } from '../sources/vmm/qemu.js';
import { type ReachedRecord, reachedMachine } from './record.js';

/** Those that know a machine's CID or socket without another program. */
const local: readonly Source[] = [machined, qemu, crosvm, firecracker, cloudHypervisor];

/** For all of them; without their answer it is an address. Milliseconds. */
const limitMs = 500;

/** The record; of an address, with the machine that has it now, so that its host key is checked as by its name. */
export async function withMachine(
  record: ReachedRecord,
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly Source[] = local,
): Promise<ReachedRecord> {
  const { text, address } = record;
  if (address === undefined) return record;
  const machine = await machineAt(address, env, sources);
  return { text, machine: machine && reachedMachine(machine) };
}

/** Undefined if none is known, or two say so. What another user says is not asked for. */
async function machineAt(
  endpoint: Endpoint,
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly Source[],
): Promise<DiscoveredMachine | undefined> {
  const isThere = await matcher(endpoint);
  if (!isThere) return undefined;
  const { machines } = await listAll({ env }, sources, limitMs);
  const own = machines.filter(({ authority }) => authority !== 'other');
  const answers = await Promise.all(own.map(isThere));
  const [one, ...others] = own.filter((_, i) => answers[i]);
  const target = asTarget(one?.target ?? '');
  return one && others.length === 0 && target && isNamed(target) ? one : undefined;
}

type IsThere = (machine: DiscoveredMachine) => boolean | Promise<boolean>;

async function matcher(endpoint: Endpoint): Promise<IsThere | undefined> {
  switch (endpoint.family) {
    case 'vsock':
      // 0 to 2 are this host and its own hypervisor.
      return endpoint.cid > 2 ? ({ cid }) => cid === endpoint.cid : undefined;
    case 'unix':
    case 'vsock-mux': {
      const { family, path } = endpoint;
      const own = await fileOf(path);
      const isSame = async (other: string) =>
        other === path || (own !== undefined && (await fileOf(other)) === own);
      return async (machine) => {
        const all = await Promise.all(pathsOf(machine, family).map(isSame));
        return all.includes(true);
      };
    }
    default:
      return undefined;
  }
}

function pathsOf(
  { address = '', routes = [] }: DiscoveredMachine,
  family: 'unix' | 'vsock-mux',
): readonly string[] {
  const own = address.startsWith(`${family}/`) ? [address.slice(family.length)] : [];
  const others = routes.flatMap(({ endpoint }) =>
    endpoint.family === family && 'path' in endpoint ? [endpoint.path] : [],
  );
  return [...own, ...others];
}

/** Which file it is, however its path is spelled; undefined if it cannot be seen. Nothing is opened. */
async function fileOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}
