import { everyEntry } from './here.js';
import { outsideLines } from './outside/file.js';
import type { Deps, ReachedMachine, RootExec } from './source.js';
import { type SourceEntry, sources } from './sources.js';
import { ownEnv } from './trusted-env.js';

/** How a machine's own manager goes into it as its root, for a uid; undefined for one of another user, hypervisor or cluster. */
export async function managerExec(
  machine: ReachedMachine,
  deps: Deps,
  uid: number | undefined = process.getuid?.(),
): Promise<RootExec | undefined> {
  if (machine.authority === 'other' || machine.via !== undefined) return undefined;
  const source = await sourceOf(machine, deps);
  const asked = { ...deps, env: ownEnv(deps.env), timeoutMs: deps.timeoutMs ?? managerLimitMs };
  return (await ofManager(async () => source?.files?.(machine, asked, uid)))?.asRoot;
}

export type SourceLoaders = readonly Pick<SourceEntry, 'name' | 'load'>[];

/** The source that has a machine. */
export async function sourceOf({ provider }: ReachedMachine, { env }: Deps, from: SourceLoaders = sources) {
  const isIt = ({ name }: SourceLoaders[number]) => name === provider;
  return (from.find(isIt) ?? everyEntry(outsideLines(env)).find(isIt))?.load();
}

/** For all that is asked of one machine, whose manager may have to start first. Milliseconds. */
export const managerLimitMs = 10_000;

/** Undefined for a manager that gives none: it is not there, refuses, is late or says too much. */
export async function ofManager<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    // A DiscoveryError, a FileRefusal and a system error have one; a mistake of ours has none.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return undefined;
  }
}
