import type { Guid } from '../address/guid.js';
import { checkPort, serviceIdOfPort } from '../address/numbers.js';
import {
  type HyperVMachine,
  hyperVAddresses,
  listHyperV,
  startHyperV,
} from '../discovery/hyper-v/hyper-v.js';
import { type DiscoveredHyperV, findHyperV, hyperV } from '../discovery/hyper-v/provider.js';
import type { Deps } from '../discovery/provider.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote } from '../errors.js';
import type { HyperVTarget } from '../target/target.js';
import { whyOff } from './found/discovered.js';
import { foundBy } from './found/found-by.js';
import { askedIp } from './found/other-routes.js';
import type { Recheck, Resolution, ResolveContext } from './resolution.js';

/** The source of machines. */
type ListMachines = (deps: Deps) => Promise<readonly HyperVMachine[]>;

/**
 * A Hyper-V machine by its name or id. Windows only. A name is looked up at every login: it may have moved to another
 * machine since the last one.
 */
export async function resolveHyperV(
  target: HyperVTarget,
  context: ResolveContext,
  list: ListMachines = (deps) => listHyperV(deps),
  addresses = hyperVAddresses,
): Promise<Resolution> {
  const ip = (vmId: Guid) => {
    const ask = async (leftMs: number) => {
      const [address] = await addresses(vmId, {
        env: context.env,
        signal: context.signal,
        timeoutMs: leftMs,
      });
      if (address !== undefined) return address;
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: 'Hyper-V knows no IP address for it',
        hint: 'the guest reports it by its integration services: hv_kvp_daemon (in a Debian guest: apt-get install hyperv-daemons)',
      });
    };
    return askedIp(ask, context);
  };
  const to = (vmId: Guid): Endpoint => ({ family: 'hyper-v', vmId, serviceId: serviceId(context) });
  if ('vmId' in target) {
    const { vmId } = target;
    return { endpoint: to(vmId), steps: [], askIp: ip(vmId), recheck: () => stateOf(vmId, context, list) };
  }
  const { name, uuid, status } = await ask(target.name, context, list);
  return {
    endpoint: to(uuid),
    steps: [`Hyper-V knows ${quote(name)} (${status}) as ${uuid}`],
    askIp: ip(uuid),
  };
}

/** The service id of the requested port. Throws a ConnectError of op parse. */
export function serviceId(context: ResolveContext): Guid {
  try {
    return serviceIdOfPort(checkPort(context.port, 'hvsock'));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', context.text, { code: 'USAGE', problem: error.message });
  }
}

async function ask(name: string, context: ResolveContext, list: ListMachines): Promise<DiscoveredHyperV> {
  const deps = { env: context.env, signal: context.signal, timeoutMs };
  const machine = foundBy(await findHyperV(name, deps, list), name, context.text, {
    title: hyperV.title,
    hints: {
      unknown: 'see vmssh list',
      ambiguous: 'type one of these; vmssh list -o wide shows which is running',
    },
  });
  const off = whyOff(machine, startHyperV(machine, context.env), context);
  if (!off) return machine;
  throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
}

/** Why a machine that was looked up by id does not answer, if its state explains it. */
async function stateOf(id: Guid, context: ResolveContext, list: ListMachines): Promise<Recheck | undefined> {
  const machines = await list({ env: context.env, signal: context.signal, timeoutMs }).catch(() => []);
  const machine = machines.find((each) => each.id === id);
  return machine && whyOff(machine, startHyperV({ ...machine, uuid: id }, context.env), context);
}

const timeoutMs = 10_000;
