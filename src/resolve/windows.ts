import type { Guid } from '../address/guid.js';
import { checkPort, serviceIdOfPort, sshPort } from '../address/numbers.js';
import { shellQuoted } from '../address/shell.js';
import {
  type HyperVMachine,
  hyperVAddresses,
  listHyperV,
  startHyperV,
} from '../discovery/hyper-v/hyper-v.js';
import { type DiscoveredHyperV, findHyperV, hyperV } from '../discovery/hyper-v/provider.js';
import type { Deps } from '../discovery/provider.js';
import { answerOf } from '../discovery/search.js';
import { listWsl, wsl } from '../discovery/wsl/provider.js';
import { askDistro, listDistros, type WslDistro, type WslState } from '../discovery/wsl/wsl.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote } from '../errors.js';
import type { HyperVTarget } from '../target/target.js';
import { askedIp, whyOff } from './discovered.js';
import { type Asked, findMachine, machineOrThrow } from './find-machine.js';
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
  const { name, uuid, status } = await findByName(target.name, context, list);
  return {
    endpoint: to(uuid),
    steps: [`Hyper-V knows ${quote(name)} (${status}) as ${uuid}`],
    askIp: ip(uuid),
  };
}

/** The service id of the requested port. Throws a ConnectError of op parse. */
function serviceId(context: ResolveContext): Guid {
  try {
    return serviceIdOfPort(checkPort(context.port, 'hvsock'));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', context.text, { code: 'USAGE', problem: error.message });
  }
}

async function findByName(
  name: string,
  context: ResolveContext,
  list: ListMachines,
): Promise<DiscoveredHyperV> {
  const deps = { env: context.env, signal: context.signal, timeoutMs };
  const machine = machineOrThrow(await findHyperV(name, deps, list), name, context.text, {
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

/** The queries to WSL. */
export interface WslKnowledge {
  readonly list: (deps: Deps) => Promise<readonly WslDistro[]>;
  readonly ask: (name: string, deps: Deps) => Promise<WslState>;
}

const knowledge: WslKnowledge = {
  list: (deps) => listDistros(deps),
  ask: (name, deps) => askDistro(name, deps),
};

/**
 * A WSL2 distribution, by the id of WSL's virtual machine, which is started if necessary. Windows only. All distributions have the
 * same address: while another one runs, this one has to say that it listens there.
 */
export async function resolveWsl(
  distro: string,
  context: ResolveContext,
  known: WslKnowledge = knowledge,
): Promise<Resolution> {
  // The virtual machine may have to boot first.
  const deps = { env: context.env, signal: context.signal, timeoutMs: 30_000 };
  let all: readonly WslDistro[] = [];
  const list = async (deps: Deps) => {
    all = await known.list(deps);
    return all;
  };
  const provider = { ...wsl, list: (deps: Deps) => listWsl(deps, list) };
  const { name } = await findMachine(provider, distro, { ...context, ...deps }, who);
  const answer = async () =>
    ({ outcome: 'found', machine: await known.ask(name, deps), warnings: [] }) as const;
  const state = await answerOf(answer(), context.signal);
  const { vmId, systemd, ports } = machineOrThrow(state, distro, context.text, who);
  if (vmId === undefined) {
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `WSL does not report the id of the virtual machine of ${quote(name)}`,
      hint: 'wsl --update (WSL 2.5.10 and later report it), or use the id itself: hvsock:ID:vsock-22',
    });
  }
  const others = all.filter((each) => each.running && each.name !== name);
  if (others.length > 0 && !ports.includes(context.port))
    throw otherMayAnswer(name, others, systemd, context);
  return {
    endpoint: { family: 'hyper-v', vmId, serviceId: serviceId(context) },
    steps: [`WSL runs ${quote(name)} ${systemd ? 'with' : 'without'} systemd in the virtual machine ${vmId}`],
    ...(systemd ? {} : { recheck: async () => withoutSystemd(name) }),
  };
}

function otherMayAnswer(
  name: string,
  others: readonly WslDistro[],
  systemd: boolean,
  { text, port }: ResolveContext,
): ConnectError {
  const also = others.map((each) => quote(each.name)).join(', ');
  const ownPort = port === sshPort ? 2222 : port + 1;
  return new ConnectError('resolve', text, {
    code: 'AMBIGUOUS',
    final: true,
    problem: `${also} may answer instead: all running distributions share their vsock ports, and systemd in ${quote(name)} does not listen on port ${port}`,
    hint: systemd
      ? `give it a port of its own: vmssh guest install --port ${ownPort} ${shellQuoted(text)}, then -p ${ownPort}; or end the others by wsl --terminate`
      : withoutSystemd(name).hint,
  });
}

function withoutSystemd(name: string): Recheck {
  return {
    problem: `${quote(name)} runs without systemd, so nothing listens on its vsock ports`,
    hint: 'in the distribution put the lines [boot] and systemd=true into /etc/wsl.conf, then on Windows: wsl --shutdown',
  };
}

const who: Asked = {
  title: wsl.title,
  hints: { unknown: 'see wsl --list --online, and wsl --install', unavailable: 'see wsl --status' },
};
