import { closed, type Deps, DiscoveryError, type Listing } from '../provider.js';
import { type Source, serviceLimitMs } from '../source.js';
import { startContainer } from '../start-command.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { dockerEngines, type Engine, isThere } from './engines.js';
import {
  type DiscoveredContainer,
  type EngineApi,
  findContainer,
  listContainers,
  withOwnTargets,
} from './list-containers.js';

/** Docker's containers, of the system's daemon and of the user's own. */
export const docker: Source<DiscoveredContainer> = {
  name: 'docker',
  title: 'Docker',
  programs: ['docker'],
  limitMs: serviceLimitMs,
  listCommand: 'docker ps --all',
  list: (deps) => listDocker(deps),
  find: (name, deps) => findContainer(name, (wanted) => listDocker(wanted), deps),
  start: (machine) => startContainer(machine, machine.container, 'docker'),
  files: async (...asked) => (await import('./container-files.js')).containerFiles('docker', ...asked),
};

export async function listDocker(
  deps: Deps,
  get: GetJson = getJson,
  uid: number | undefined = process.getuid?.(),
): Promise<Listing<DiscoveredContainer>> {
  const engines = await dockerEngines(deps);
  const answers = await Promise.all(engines.map((each) => askDocker(each, deps, get, uid)));
  const found = withOwnTargets(answers.flatMap((each) => each.found));
  const warnings = answers.flatMap((each) => each.warnings);
  return { found, warnings };
}

async function askDocker(
  { socket, url, authority }: Engine,
  deps: Deps,
  get: GetJson,
  uid: number | undefined,
): Promise<Listing<DiscoveredContainer>> {
  const source: EngineApi = {
    url,
    authority,
    list: () => get(socket, '/containers/json?all=true', deps),
    details: (id) => get(socket, `/containers/${id}/json`, deps),
  };
  try {
    if (!(await isThere(socket, uid))) return none;
    return await listContainers('docker', source, deps);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    // Its daemon is stopped.
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return none;
    const isClosed = error.code === 'EACCES';
    const problem = isClosed ? `this user may not open ${socket}: its group may (docker)` : error.message;
    return {
      found: [],
      warnings: [{ provider: docker.name, code: isClosed ? closed : error.code, problem }],
    };
  }
}

const none: Listing<DiscoveredContainer> = { found: [], warnings: [] };
