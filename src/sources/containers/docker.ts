import type { Deps, Listing, Source } from '../source.js';
import { closed, DiscoveryError, joinListings, nothing, serviceLimitMs } from '../source.js';
import { startContainer } from '../start-command.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { asksElsewhere } from '../tools/run-tool.js';
import { dockerEngines, type Engine, isThere, typeThere, warningFor } from './engines.js';
import type { DiscoveredContainer } from './list-containers.js';
import { apiOf, findContainer, listContainers, withOwnTargets } from './list-containers.js';

/** Docker's containers, of the system's daemon and of the user's own. */
export const docker: Source<DiscoveredContainer> = {
  name: 'docker',
  title: 'Docker',
  programs: ['docker'],
  limitMs: serviceLimitMs,
  listCommand: 'docker ps --all',
  list: (deps) => listDocker(deps),
  find: (name, deps) =>
    findContainer(name, listDocker, deps, async () =>
      typeThere('docker', name, (await dockerEngines(deps)).elsewhere),
    ),
  start: (machine) => startContainer(machine, machine.container, 'docker'),
  files: async (...asked) => (await import('./container-files.js')).containerFiles('docker', ...asked),
};

export async function listDocker(deps: Deps, get: GetJson = getJson): Promise<Listing<DiscoveredContainer>> {
  const { others, elsewhere } = await dockerEngines(deps);
  const answers = await Promise.all(others.map((engine) => askDocker(engine, deps, get)));
  const led = elsewhere ? asksElsewhere(docker.name, elsewhere) : nothing;
  const { found, warnings } = joinListings([...answers, led]);
  return { found: withOwnTargets(found), warnings };
}

async function askDocker(engine: Engine, deps: Deps, get: GetJson): Promise<Listing<DiscoveredContainer>> {
  const { socket } = engine;
  try {
    if (!(await isThere(socket, process.getuid?.()))) return nothing;
    return await listContainers('docker', apiOf(engine, '', get, deps), deps);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    const { code } = error;
    // The daemon is stopped.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return nothing;
    if (code !== 'EACCES') return warningFor(docker.name, error);
    const problem = `this user may not open ${socket}: its group may (docker)`;
    return warningFor(docker.name, new DiscoveryError(closed, problem, { cause: error }));
  }
}
