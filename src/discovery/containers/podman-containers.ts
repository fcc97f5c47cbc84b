import { join } from 'node:path';
import { programInPath } from '../../process/program-in-path.js';
import { DiscoveryError } from '../discovery-error.js';
import { socketIn } from '../own-env.js';
import type { Deps, Listing, Warning } from '../provider.js';
import { exists } from '../tools/exists.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { jsonObjects } from '../tools/json-tool.js';
import { type RunTool, runTool } from '../tools/run-tool.js';
import { type Engine, isThere, podmanEngines } from './engines.js';
import { type DiscoveredContainer, listContainers, type Source } from './list-containers.js';

export interface PodmanEffects {
  readonly get: GetJson;
  readonly run: RunTool;
  readonly exists: (path: string) => Promise<boolean>;
  readonly uid: number | undefined;
}

const effects: PodmanEffects = {
  get: getJson,
  run: runTool,
  exists,
  get uid() {
    return process.getuid?.();
  },
};

const provider = 'podman';

/** Podman's containers: the user's own by its API socket, or else by `podman ps`, and root's if its socket is open to the user. */
export async function listPodmanContainers(
  deps: Deps,
  known: PodmanEffects = effects,
): Promise<Listing<DiscoveredContainer>> {
  const { own, others } = podmanEngines(deps, known.uid);
  const listings = await Promise.all([
    own ? ownContainers(own, deps, known) : nothing,
    // Root's is for root, unless somebody has opened it.
    ...others.map((engine) => answerOf(bySocket(engine, deps, known), quiet)),
  ]);
  return {
    found: listings.flatMap(({ found }) => found),
    warnings: listings.flatMap(({ warnings }) => warnings),
  };
}

async function ownContainers(engine: Engine, deps: Deps, known: PodmanEffects) {
  try {
    const answer = await bySocket(engine, deps, known);
    if (answer) return answer;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    // What took its time or gave too much by the socket does so by the command.
    if (!quiet.has(error.code) && error.code !== 'FAILED') return answerOf(Promise.reject(error), quiet);
  }
  return answerOf(byCommand(deps, known), notInstalled);
}

/** A service that is not there, or not for this user. */
const quiet: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES']);
const notInstalled: ReadonlySet<string> = new Set(['ENOENT', 'EACCES']);

async function answerOf(
  asked: Promise<Listing<DiscoveredContainer> | undefined>,
  silent: ReadonlySet<string>,
): Promise<Listing<DiscoveredContainer>> {
  try {
    return (await asked) ?? nothing;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    if (silent.has(error.code)) return nothing;
    const warning: Warning = { provider, code: error.code, problem: error.message };
    return { found: [], warnings: [warning] };
  }
}

/** Undefined if it has no socket. The path has the oldest version that Podman 4 and 5 answer. */
async function bySocket({ socket, url }: Engine, deps: Deps, { get, uid }: PodmanEffects) {
  if (!(await isThere(socket, uid))) return undefined;
  const source: Source = {
    url,
    list: () => get(socket, '/v4.0.0/libpod/containers/json?all=true', deps),
    details: (id) => get(socket, `/v4.0.0/libpod/containers/${id}/json`, deps),
  };
  return listContainers(provider, source, deps);
}

async function byCommand(deps: Deps, { run, exists, uid }: PodmanEffects) {
  const { CONTAINER_HOST: host } = deps.env;
  // Then the command asks another host.
  if (host && socketIn(host) === undefined) return undefined;
  if (programInPath('podman', deps.env) === undefined) return undefined;
  if (!(await Promise.all(storages(deps, uid).map(exists))).includes(true)) return undefined;
  const source: Source = {
    list: async () => jsonObjects(await run('podman', ['ps', '--all', '--format', 'json'], deps)),
    details: async (id) => {
      const command = ['container', 'inspect', id];
      const answer = await run('podman', command, deps).catch((error) => {
        if (!(error instanceof DiscoveryError) || !/no such container/i.test(error.message)) throw error;
        throw new DiscoveryError(error.code, error.message, { cause: error, isGone: true });
      });
      return jsonObjects(answer)[0];
    },
  };
  return listContainers(provider, source, deps);
}

/** Where there is something once Podman has made a container: asking it any earlier would make these folders. */
function storages({ env, runDir = '/run' }: Deps, uid: number | undefined): readonly string[] {
  if (uid === 0) return [`${runDir}/containers/storage`, '/var/lib/containers/storage'];
  const { HOME, XDG_DATA_HOME: data = HOME && join(HOME, '.local/share'), XDG_RUNTIME_DIR: run } = env;
  return [...(run ? [`${run}/containers`] : []), ...(data ? [`${data}/containers/storage`] : [])];
}

const nothing: Listing<DiscoveredContainer> = { found: [], warnings: [] };
