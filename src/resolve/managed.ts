import type { Deps, DiscoveredMachine, Manager, Provider, Search, Warning } from '../discovery/provider.js';
import { resolveDiscovered } from './discovered.js';
import { findMachine, machineOrThrow, refuseIfSilent, searchProvider } from './find-machine.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one query to a manager, which may have to start a daemon first. Milliseconds. */
const timeoutMs = 10_000;

/** A machine by the address that its manager lists, as in `vmssh list`. */
export async function resolveManaged(
  name: string,
  manager: Manager,
  context: ResolveContext,
): Promise<Resolution> {
  const hints = { unknown: manager.listCommand };
  const search = await searchProvider(manager, name, { timeoutMs, ...context });
  context.signal?.throwIfAborted();
  const machine = machineOrThrow(search, name, context.text, { title: manager.title, hints });
  refuseIfSilent(machine, name, context.text, search.outcome === 'found' ? search.warnings : []);
  return resolveManagedMachine(machine, manager, context);
}

/** The same, once the machine is known. */
export function resolveManagedMachine(
  machine: DiscoveredMachine,
  manager: Manager,
  context: ResolveContext,
): Promise<Resolution> {
  return resolveDiscovered(machine, context, {
    start: manager.start(machine),
    address: `is it up? ${manager.listCommand}`,
  });
}

/** A machine by what its provider lists, which nothing here starts. */
export async function resolveListed(
  name: string,
  provider: Provider,
  context: ResolveContext,
): Promise<Resolution> {
  const hints = { unknown: `vmssh list --provider ${provider.name}` };
  const machine = await findMachine(provider, name, { timeoutMs, ...context }, { hints });
  return resolveDiscovered(machine, context, { start: undefined, address: hints.unknown });
}

/** A container of any manager, and the manager. */
export interface ManagedContainer extends DiscoveredMachine {
  readonly manager: Manager;
}

/** The container that a name or id means, of Podman or Docker. */
export async function containersOfManagers(
  name: string,
  context: ResolveContext,
): Promise<Search<ManagedContainer, Warning>> {
  const [{ podman }, { docker }, { findContainer }] = await Promise.all([
    import('../discovery/containers/podman.js'),
    import('../discovery/containers/docker.js'),
    import('../discovery/containers/list-containers.js'),
  ]);
  const listOf = async (manager: Manager, deps: Deps) => {
    const { found, warnings } = await manager.list(deps);
    const containers = found.filter(({ container }) => container !== undefined);
    return { warnings, found: containers.map((each) => ({ ...each, manager })) };
  };
  const list = async (deps: Deps) => {
    const lists = await Promise.all([podman, docker].map((manager) => listOf(manager, deps)));
    return {
      found: lists.flatMap(({ found }) => found),
      warnings: lists.flatMap(({ warnings }) => warnings),
    };
  };
  const search = await findContainer(name, list, { timeoutMs, ...context });
  context.signal?.throwIfAborted();
  return search;
}
