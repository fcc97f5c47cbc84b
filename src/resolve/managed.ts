import { findBy } from '../discovery/find-by.js';
import { incus } from '../discovery/managers/incus.js';
import { lima } from '../discovery/managers/lima.js';
import { multipass } from '../discovery/managers/multipass.js';
import { podman } from '../discovery/managers/podman.js';
import type { Provider } from '../discovery/provider.js';
import type { NamedTarget } from '../target/target.js';
import { resolveDiscovered } from './found.js';
import { foundBy } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one question to one manager: they may start a daemon first. Milliseconds. */
const timeoutMs = 10_000;

export type ManagedTarget = NamedTarget<'lima' | 'incus' | 'multipass' | 'podman'>;

/** The same providers that `vmssh list` asks. */
export type Managers = Readonly<Record<ManagedTarget['kind'], Provider>>;

/** A machine of Lima, Incus, Multipass or Podman: by the address that its manager shows. */
export async function resolveManaged(
  { kind, name }: ManagedTarget,
  context: ResolveContext,
  managers: Managers = { lima, incus, multipass, podman },
): Promise<Resolution> {
  const search = await findBy(managers[kind], name, { timeoutMs, ...context });
  context.signal?.throwIfAborted();
  const { list, start } = commands[kind];
  const { title } = managers[kind];
  const machine = foundBy(search, name, context.text, { title, hints: { unknown: list } });
  return resolveDiscovered(machine, context, {
    start: `${start} ${machine.name}`,
    address: `is it up? ${list}`,
  });
}

const commands: Readonly<Record<ManagedTarget['kind'], { readonly list: string; readonly start: string }>> = {
  lima: { list: 'limactl list', start: 'limactl start' },
  incus: { list: 'incus list', start: 'incus start' },
  multipass: { list: 'multipass list', start: 'multipass start' },
  podman: { list: 'podman machine list', start: 'podman machine start' },
};
