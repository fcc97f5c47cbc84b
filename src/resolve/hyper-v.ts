import type { Guid } from '../address/guid.js';
import { checkPort } from '../address/port.js';
import { serviceIdOfPort } from '../address/service-id.js';
import { DiscoveryError } from '../discovery/discovery-error.js';
import { type HyperVMachine, hyperVCures, listHyperV } from '../discovery/hyper-v.js';
import { fileCache, type HyperVCache } from '../discovery/hyper-v-cache.js';
import { matchFound } from '../discovery/match-found.js';
import type { Deps } from '../discovery/provider.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote, quoteNames } from '../errors.js';
import type { HyperVTarget } from '../target/target.js';
import type { Recheck, Resolution, ResolveContext } from './resolution.js';

/** What is asked for machines, and what is remembered of them. */
export interface HyperVKnowledge {
  readonly list: (deps: Deps) => Promise<readonly HyperVMachine[]>;
  readonly cache: HyperVCache;
}

/** A Hyper-V machine by its name or id. Windows alone. */
export async function resolveHyperV(
  target: HyperVTarget,
  context: ResolveContext,
  known: HyperVKnowledge = { list: (deps) => listHyperV(deps), cache: fileCache(context.env) },
): Promise<Resolution> {
  const to = (vmId: Guid): Endpoint => ({ family: 'hyper-v', vmId, serviceId: serviceId(context) });
  if ('vmId' in target) {
    const { vmId } = target;
    return { endpoint: to(vmId), steps: [], recheck: () => stateOf(vmId, context, known) };
  }
  const { name } = target;
  const cached = known.cache.find(name);
  if (cached === undefined) {
    const machine = await findMachine(name, context, known);
    return {
      endpoint: to(machine.id),
      steps: [`Hyper-V knows ${quote(machine.name)} (${machine.status}) as ${machine.id}`],
    };
  }
  return {
    endpoint: to(cached),
    steps: [`Hyper-V knew ${quote(name)} as ${cached} a short while ago`],
    recheck: async () => {
      known.cache.drop();
      const machine = await findMachine(name, context, known);
      if (machine.id === cached) return undefined;
      return { endpoint: to(machine.id) };
    },
  };
}

/** The service id of the port that is asked for. Throws a ConnectError of op parse. */
export function serviceId(context: ResolveContext): Guid {
  try {
    return serviceIdOfPort(checkPort(context.port, 'hvsock'));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', context.text, { code: 'USAGE', problem: error.message });
  }
}

async function findMachine(
  name: string,
  context: ResolveContext,
  known: HyperVKnowledge,
): Promise<HyperVMachine> {
  const machines = await ask(context, known);
  const [machine, ...others] = matchHyperV(name, machines);
  const fail = (code: string, problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code, problem, hint });
  if (machine === undefined) {
    const names = quoteNames(
      machines.map((each) => each.name),
      ', ',
    );
    const others = machines.length > 0 ? `it knows ${names}` : 'it knows no machine at all';
    throw fail('NOT_FOUND', `Hyper-V has no machine ${quote(name)}: ${others}`, 'see vmssh list');
  }
  if (others.length > 0) {
    const ids = [machine, ...others].map(({ id, status }) => `${id} (${status})`).join(' or ');
    throw fail(
      'AMBIGUOUS',
      `several Hyper-V machines are called ${quote(name)}: ${ids}`,
      'type the id: hyper-v/ID',
    );
  }
  known.cache.keep(machines);
  const problem = down(machine);
  if (problem) throw fail('NOT_FOUND', problem, startIt(machine));
  return machine;
}

/** The machines of such a name without regard to case, else of such a slug. */
export function matchHyperV(name: string, machines: readonly HyperVMachine[]): readonly HyperVMachine[] {
  const called = machines.filter((each) => each.name.toLowerCase() === name.toLowerCase());
  if (called.length > 0) return called;
  const found = machines.map((machine) => ({ ...machine, provider: 'hyper-v', target: '' }));
  const ids = new Set(matchFound(name, found).map(({ id }) => id));
  return machines.filter(({ id }) => ids.has(id));
}

/** Why a machine that was reached by its id alone does not answer, where its state tells. */
async function stateOf(
  id: Guid,
  context: ResolveContext,
  known: HyperVKnowledge,
): Promise<Recheck | undefined> {
  const machines = await known.list({ env: context.env, signal: context.signal, timeoutMs }).catch(() => []);
  const machine = machines.find((each) => each.id === id);
  const problem = machine && down(machine);
  return machine && problem ? { problem, hint: startIt(machine) } : undefined;
}

async function ask(context: ResolveContext, { list }: HyperVKnowledge): Promise<readonly HyperVMachine[]> {
  try {
    return await list({ env: context.env, signal: context.signal, timeoutMs });
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof DiscoveryError)) throw error;
    const hint = Object.hasOwn(hyperVCures, error.code)
      ? hyperVCures[error.code as keyof typeof hyperVCures]
      : undefined;
    const code = error.code === 'TIMEOUT' ? 'NOT_FOUND' : error.code;
    const problem = `Hyper-V could not be asked for its machines: ${error.message}`;
    throw new ConnectError('resolve', context.text, {
      ...{ code, problem, cause: error },
      hint:
        hint ??
        'use the id of the machine, hyper-v/ID; see whether the service winmgmt runs: sc query winmgmt',
    });
  }
}

const timeoutMs = 10_000;

function down({ name, status }: HyperVMachine): string | undefined {
  const open = status === 'running' || status === 'starting' || status === 'unknown';
  return open ? undefined : `Hyper-V knows ${quote(name)}, and it is ${status}`;
}

function startIt({ name }: HyperVMachine): string {
  return `Start-VM ${JSON.stringify(name)} in PowerShell, or hvc start ${JSON.stringify(name)}; then --wait while it boots`;
}
