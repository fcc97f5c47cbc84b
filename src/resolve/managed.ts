import { listIncus } from '../discovery/incus-provider.js';
import { listLima } from '../discovery/lima-provider.js';
import { matchFound } from '../discovery/match-found.js';
import { listMultipass } from '../discovery/multipass-provider.js';
import { listPodman } from '../discovery/podman-provider.js';
import type { Deps, Listing } from '../discovery/provider.js';
import type { NamedTarget } from '../target/target.js';
import { ambiguousName, resolveFound, unknownName } from './found.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one question to one manager: they may start a daemon first. Milliseconds. */
const timeoutMs = 10_000;

export type ManagedTarget = NamedTarget<'lima' | 'incus' | 'multipass' | 'podman'>;

/** How each manager lists its machines; the same functions that `vmssh list` uses. */
export type Listers = Readonly<Record<ManagedTarget['kind'], (deps: Deps) => Promise<Listing>>>;

const all: Listers = {
  lima: (deps) => listLima(deps),
  incus: (deps) => listIncus(deps),
  multipass: (deps) => listMultipass(deps),
  podman: (deps) => listPodman(deps),
};

/** A machine of Lima, Incus, Multipass or Podman: by the address that its manager tells. */
export async function resolveManaged(
  { kind: provider, name }: ManagedTarget,
  context: ResolveContext,
  listers: Listers = all,
): Promise<Resolution> {
  const { found, warnings } = await listers[provider]({ timeoutMs, ...context });
  context.signal?.throwIfAborted();
  const [match, ...others] = matchFound(name, found);
  const cure = cures[provider];
  if (match === undefined) {
    const known = found.map((each) => each.name);
    throw unknownName(provider, name, known, warnings, context, cure.list);
  }
  if (others.length > 0)
    throw ambiguousName(
      name,
      [match, ...others].map(({ target }) => target),
      context,
    );
  return resolveFound(match, context, {
    start: `${cure.start} ${match.name}`,
    address: `is it up? ${cure.list}`,
  });
}

const cures: Readonly<Record<ManagedTarget['kind'], { readonly list: string; readonly start: string }>> = {
  lima: { list: 'limactl list', start: 'limactl start' },
  incus: { list: 'incus list', start: 'incus start' },
  multipass: { list: 'multipass list', start: 'multipass start' },
  podman: { list: 'podman machine list', start: 'podman machine start' },
};
