import { type Deps, type DiscoveredMachine, joinListings, type Source } from '../source.js';
import { docker } from './docker.js';
import { type DiscoveredContainer, findContainer } from './list-containers.js';
import { podman } from './podman.js';

/** The containers of Podman and Docker together: a name that both have is ambiguous. */
export const podmanOrDocker: Source = {
  name: 'podman',
  title: 'Podman and Docker',
  list: listBoth,
  find: (name, deps) => findContainer(name, listBoth, deps),
  start: (machine, env) => (machine.provider === 'docker' ? docker : podman).start?.(machine, env),
};

async function listBoth(deps: Deps) {
  const lists = await Promise.all([podman, docker].map((source) => source.list(deps)));
  const { found, warnings } = joinListings(lists);
  const isContainer = (each: DiscoveredMachine): each is DiscoveredContainer => each.container !== undefined;
  return { found: found.filter(isContainer), warnings };
}
