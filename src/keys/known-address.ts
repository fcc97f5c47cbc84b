import type { Env } from '../base/runtime.js';
import { fileId } from '../files/read-file.js';
import { asTarget, isNamed } from '../kinds/kinds.js';
import { loadKnowing } from '../sources/here.js';
import { listAll } from '../sources/list-all.js';
import { vhostCid } from '../sources/routes.js';
import { type DiscoveredMachine, isSilence, reachedMachine, type Source } from '../sources/source.js';
import type { Endpoint } from '../typed/route.js';
import type { ReachedRecord } from './record.js';

/**
 * Milliseconds for all of them: one that is late is silent, and then a key that nobody confirmed is refused. A busy host
 * has time for a scan of its processes; one that is emulated may not.
 */
const limitMs = 10_000;

/** The record; of an address, with the machine that has it now, whose key is checked as by its name, and with who did not answer, and may know of one. */
export async function withMachine(
  record: ReachedRecord,
  env: Env,
  from?: readonly Source[],
): Promise<ReachedRecord> {
  const { text, address } = record;
  if (address === undefined) return record;
  const isThere = await matcher(address);
  if (!isThere) return { text };
  const asked = from ?? (await loadKnowing({ env }, address.family));
  const { machines, warnings } = await listAll({ env }, asked, limitMs);
  const silent = [...new Set(warnings.filter(isSilence).map(({ provider }) => provider))];
  // What another user says is not asked for. No machine if none is known, or two say so.
  const own = machines.filter(({ authority }) => authority !== 'other');
  const answers = await Promise.all(own.map(isThere));
  const [one, ...others] = own.filter((_, i) => answers[i]);
  const target = asTarget(one?.target ?? '');
  const isOne = others.length === 0 && target !== undefined && isNamed(target);
  const known = { text, machine: one && isOne ? reachedMachine(one) : undefined };
  return silent.length === 0 ? known : { ...known, silent };
}

type IsThere = (machine: DiscoveredMachine) => boolean | Promise<boolean>;

async function matcher(endpoint: Endpoint): Promise<IsThere | undefined> {
  switch (endpoint.family) {
    case 'vsock':
      // 0 to 2 are this host and its own hypervisor.
      return endpoint.cid > 2 ? (machine) => vhostCid(machine) === endpoint.cid : undefined;
    case 'unix':
    case 'vsock-mux': {
      const { family, path } = endpoint;
      const own = await fileId(path);
      const isSame = async (other: string) =>
        other === path || (own !== undefined && (await fileId(other)) === own);
      return async ({ routes = [] }) => {
        const paths = routes.flatMap(({ endpoint: to }) => (to.family === family ? [to.path] : []));
        return (await Promise.all(paths.map(isSame))).includes(true);
      };
    }
    default:
      return undefined;
  }
}
