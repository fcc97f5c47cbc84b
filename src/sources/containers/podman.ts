import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from '../../files/read-sync.js';
import { programInPath } from '../../process/program-in-path.js';
import { wroteFile } from '../processes/process-paths.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Source } from '../source.js';
import { DiscoveryError, joinListings, nothing, serviceLimitMs } from '../source.js';
import { operand, startContainer } from '../start-command.js';
import { atService } from '../tools/exec-route.js';
import { getJson } from '../tools/http-unix.js';
import { portOf, textOf } from '../tools/json.js';
import type { RunTool } from '../tools/run-tool.js';
import {
  asksElsewhere,
  exists,
  jsonObjects,
  listByUsersTool,
  machinesNamed,
  runTool,
} from '../tools/run-tool.js';
import { authorityOf, configFolder } from '../trusted-path.js';
import { docker } from './docker.js';
import { absent, type Engine, isThere, podmanEngines, typeThere, urlOf, warningFor } from './engines.js';
import type { DiscoveredContainer, EngineApi } from './list-containers.js';
import { apiOf, findContainer, listContainers, withOwnTargets } from './list-containers.js';

/** Podman's containers, and its machines, whose SSH servers are on TCP ports of this host. */
export const podman: Source = {
  name: 'podman',
  title: 'Podman',
  programs: ['podman'],
  limitMs: serviceLimitMs,
  listCommand: 'podman ps --all',
  hints: { unknown: "podman ps --all; root's containers: sudo vmssh list" },
  list: listWithLed,
  find: (name, deps) =>
    findContainer(name, listAllOfPodman, deps, async () => typeThere('podman', name, await ledAway(deps))),
  start(machine) {
    const { name, container } = machine;
    if (container) return startContainer(machine, container, 'podman');
    return { machine: name, command: ['podman', 'machine', 'start', ...operand(name)] };
  },
  files: async (...asked) => (await import('./container-files.js')).containerFiles('podman', ...asked),
};

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
  return { found: found.filter((machine) => machine.container !== undefined), warnings };
}

async function listWithLed(deps: Deps): Promise<Listing> {
  const listing = await listAllOfPodman(deps);
  const isSaid = listing.warnings.some(({ code }) => code === 'ELSEWHERE');
  const elsewhere = isSaid || !mayBeLed(deps) ? undefined : await ledAway(deps);
  return elsewhere ? joinListings([listing, asksElsewhere(podman.name, elsewhere, 'NOT_LISTED')]) : listing;
}

/** A machine has its name before a container has it. On a Mac the containers are in a machine. */
export async function listAllOfPodman(
  deps: Deps,
  machines: (deps: Deps) => Promise<Listing> = listPodman,
  containers: (deps: Deps) => Promise<Listing<DiscoveredContainer>> = listPodmanContainers,
): Promise<Listing> {
  const { platform = process.platform } = deps;
  const isLinux = platform === 'linux';
  const [own, inside] = await Promise.all([
    isLinux && !(await hasMachines(deps)) ? nothing : machines(deps),
    isLinux ? containers(deps) : nothing,
  ]);
  return { ...joinListings([own, inside]), found: withOwnTargets(inside.found, own.found) };
}

/** Asking `podman machine` takes a process, and makes its folders. */
async function hasMachines({ env }: Deps): Promise<boolean> {
  return !!env.HOME && exists(join(configFolder(env, env.HOME), 'containers/podman/machine'));
}

export function listPodman(deps: Deps, run: RunTool = runTool, uid = process.getuid?.()): Promise<Listing> {
  const command = ['podman', 'machine', 'list', '--format', 'json'];
  const parse = (text: string) => parsePodman(text).map((machine) => withProcess(machine, deps));
  return listByUsersTool(uid, podman.name, command, parse, deps, run);
}

function withProcess(machine: DiscoveredMachine, deps: Deps): DiscoveredMachine {
  const { XDG_RUNTIME_DIR: folder } = deps.env;
  if (machine.status === 'off' || !folder) return machine;
  const file = join(folder, 'podman', `${machine.name}_vm.pid`);
  const pid = Number(readTextIfAny(file));
  return pid > 0 && wroteFile(pid, file, deps) ? { ...machine, pid } : machine;
}

/** Reads `podman machine list --format json`. A start that was killed leaves a machine "Starting", and not "Running". */
export function parsePodman(text: string): readonly DiscoveredMachine[] {
  return machinesNamed(jsonObjects(text), 'Name', (name, machine) => {
    const port = portOf(machine, 'Port');
    return {
      name,
      target: `podman/${name}`,
      provider: podman.name,
      authority: authorityOf(),
      status: machine.Running !== true ? 'off' : machine.Starting === true ? 'starting' : 'running',
      routes: routesTo([port === undefined ? undefined : `127.0.0.1:${port}`]),
      user: textOf(machine, 'RemoteUsername'),
      identityFile: textOf(machine, 'IdentityPath'),
    };
  });
}

const provider = 'podman';

const effects = () => ({ get: getJson, run: runTool, exists, uid: process.getuid?.() });

export type PodmanEffects = ReturnType<typeof effects>;

/** The user's own by its API socket, or else by `podman ps`, and root's if its socket is open to the user. */
export async function listPodmanContainers(
  deps: Deps,
  known: PodmanEffects = effects(),
): Promise<Listing<DiscoveredContainer>> {
  const { own, others } = podmanEngines(deps, known.uid);
  const listings = await Promise.all([
    own ? ownContainers(own, deps, known) : nothing,
    // Root's is for root, unless somebody has opened it.
    ...others.map((engine) => answerOf(bySocket(engine, deps, known))),
  ]);
  return joinListings(listings);
}

async function ownContainers(engine: Engine, deps: Deps, known: PodmanEffects) {
  try {
    const answer = await bySocket(engine, deps, known);
    if (answer) return answer;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    // What took its time or gave too much by the socket does so by the command.
    if (!absent.has(error.code) && error.code !== 'FAILED') return warningFor(provider, error);
  }
  return answerOf(byCommand(deps, known));
}

async function answerOf(
  asked: Promise<Listing<DiscoveredContainer> | undefined>,
): Promise<Listing<DiscoveredContainer>> {
  try {
    return (await asked) ?? nothing;
  } catch (error) {
    return error instanceof DiscoveryError && absent.has(error.code) ? nothing : warningFor(provider, error);
  }
}

/** Undefined if it has no socket. The path has the oldest version that Podman 4 and 5 answer. */
async function bySocket(engine: Engine, deps: Deps, { get, uid }: PodmanEffects) {
  if (!(await isThere(engine.socket, uid))) return undefined;
  return listContainers(provider, apiOf(engine, '/v4.0.0/libpod', get, deps), deps);
}

async function byCommand(deps: Deps, { run, exists, uid }: PodmanEffects) {
  if (programInPath('podman', deps.env) === undefined) return undefined;
  if (!(await Promise.all(storages(deps, uid).map(exists))).includes(true)) return undefined;
  const ask = (...words: readonly string[]) => run('podman', [...atService('podman'), ...words], deps);
  const source: EngineApi = {
    authority: authorityOf(uid, uid),
    list: async () => jsonObjects(await ask('ps', '--all', '--format', 'json')),
    details: async (id) => {
      const answer = await ask('container', 'inspect', id).catch((error) => {
        if (!(error instanceof DiscoveryError) || !/no such container/i.test(error.message)) throw error;
        throw new DiscoveryError(error.code, error.message, { cause: error, isGone: true });
      });
      return jsonObjects(answer)[0];
    },
  };
  return listContainers(provider, source, deps).catch(async (error) => {
    const elsewhere = await ledTo(deps, run);
    if (elsewhere === undefined) throw error;
    return asksElsewhere(provider, elsewhere);
  });
}

/** What `podman` itself asks, if that is none of the services that are asked. */
async function ledAway(deps: Deps): Promise<string | undefined> {
  const address = await ledTo(deps);
  const { own, others } = podmanEngines(deps, process.getuid?.());
  return [own, ...others].some((engine) => engine && urlOf(engine) === address) ? undefined : address;
}

/** Whether anything may lead it away. To ask takes a process. */
function mayBeLed({ env, exists = existsSync }: Deps): boolean {
  const { CONTAINER_HOST, CONTAINER_CONNECTION, CONTAINERS_CONF, CONTAINERS_CONF_OVERRIDE } = env;
  const file = 'containers/containers.conf';
  const files = [join(configFolder(env, env.HOME ?? ''), file), `/etc/${file}`];
  const set = CONTAINER_HOST ?? CONTAINER_CONNECTION ?? CONTAINERS_CONF ?? CONTAINERS_CONF_OVERRIDE;
  return set !== undefined || files.some((file) => exists(file) || exists(`${file}.d`));
}

/** The service that a configuration or a variable leads `podman` to; undefined: to none. */
async function ledTo(deps: Deps, run: RunTool = runTool): Promise<string | undefined> {
  const { platform = process.platform, env } = deps;
  const { CONTAINER_HOST, CONTAINER_CONNECTION: chosen } = env;
  // On a Mac it always asks the service of a machine.
  if (CONTAINER_HOST || platform !== 'linux') return CONTAINER_HOST;
  const problem = await run('podman', [...atService('podman'), '--version'], deps).catch(String);
  if (!problem.includes('unknown flag: --syslog')) return undefined;
  const list = ['system', 'connection', 'list', '--format', 'json'];
  const all = jsonObjects(await run('podman', list, deps).catch(() => '[]'));
  const used = all.find((each) => (chosen ? each.Name === chosen : each.Default === true));
  return (used && textOf(used, 'URI')) ?? 'the service that `podman info` shows';
}

/** Where there is something once Podman has made a container: asking it any earlier would make these folders. */
function storages({ env, runDir = '/run' }: Deps, uid: number | undefined): readonly string[] {
  if (uid === 0) return [`${runDir}/containers/storage`, '/var/lib/containers/storage'];
  const { HOME, XDG_DATA_HOME: data = HOME && join(HOME, '.local/share'), XDG_RUNTIME_DIR: run } = env;
  return [...(run ? [`${run}/containers`] : []), ...(data ? [`${data}/containers/storage`] : [])];
}
