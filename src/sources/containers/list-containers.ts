import { lstat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, normalize } from 'node:path';
import { countBy, fewAtATime } from '../../base/group-by.js';
import { hasControlCharacter, nameProblem, socketPathProblem } from '../../typed/names.js';
import { withDashes } from '../../typed/numbers.js';
import { accountLine, isSystemUser } from '../processes/system-user.js';
import { routesTo } from '../routes.js';
import { answerOf, match, searchIn, withOwnNames } from '../search.js';
import type { ContainerFacts, Deps, DiscoveredMachine, Listing, Search, Status, Warning } from '../source.js';
import { DiscoveryError, isFailure, statusReader } from '../source.js';
import { execRoutes } from '../tools/exec-route.js';
import type { GetJson } from '../tools/http-unix.js';
import { isJsonObject, type JsonObject, objectAt, objectsIn, textOf } from '../tools/json.js';
import { holdsMachine } from '../vmm/kvm.js';
import { type Engine, engineExec, urlOf } from './engines.js';

/** What answers for the containers of one Podman or Docker: its API or its command. */
export interface EngineApi extends Pick<Engine, 'authority'> {
  /** The address of its service; undefined: its command was asked. */
  readonly url?: string;
  /** The answer, in the form that `parseContainers` reads. */
  readonly list: () => Promise<unknown>;
  readonly details: (id: string) => Promise<unknown>;
}

/** The engine by its socket. `api`: the path of its API. */
export function apiOf(engine: Engine, api: string, get: GetJson, deps: Deps): EngineApi {
  const { socket, authority } = engine;
  const ask = (what: string) => get(socket, `${api}/containers/${what}`, deps);
  return {
    url: urlOf(engine),
    authority,
    list: () => ask('json?all=true'),
    details: (id) => ask(`${id}/json`),
  };
}

export interface DiscoveredContainer extends DiscoveredMachine {
  readonly container: ContainerFacts;
}

/** The containers of a source, with the sockets that those which run, and which are wanted, have for this host. Throws a DiscoveryError. */
export async function listContainers(
  provider: 'podman' | 'docker',
  source: EngineApi,
  deps: Deps,
): Promise<Listing<DiscoveredContainer>> {
  const containers = parseContainers(await source.list());
  const warnings: Warning[] = [];
  const ask = async (each: Container) => {
    const warn = (problem: string, code = 'NOT_LISTED') =>
      void warnings.push({ provider, code, problem: `container ${each.name}: ${problem}` });
    const seen = await look(each, source, deps, warn).catch((error) => {
      if (!(error instanceof DiscoveryError)) throw error;
      // The container was removed after it was listed.
      if (error.isGone) return undefined;
      // The container is listed all the same, and so are the others.
      warn(error.message, isFailure(error) ? 'INCOMPLETE' : error.code);
      return {};
    });
    return seen === undefined ? [] : [toMachine(each, provider, source, seen)];
  };
  const inspected = await fewAtATime(containers, atOnce, ask, deps.signal);
  return { found: inspected.flat(), warnings };
}

/** How many are asked for their details at once. */
const atOnce = 4;

/** What its list may not have: the socket that it has for this host, the name of the folder that it is for, the runtime whose VM it is. */
type Seen = Partial<Record<'socket' | 'folder' | 'vm', string | undefined>>;

async function look(
  container: Container,
  { details }: EngineApi,
  deps: Deps,
  warn: (problem: string) => void,
): Promise<Seen> {
  const { id, status, labels } = container;
  if (deps.wanted !== undefined && !canMean(deps.wanted, container)) return {};
  const isExport = ({ at }: Mount) => at === exportFolder;
  const exports = status === 'running' && container.mounts.some(isExport);
  let asked: Promise<JsonObject> | undefined;
  const about = () => {
    asked ??= details(id).then(objectAt);
    return asked;
  };
  const vm = (await holdsMachine(container, deps)) ? runtimeOf(await about()) : undefined;
  if (vm !== undefined)
    warn(`podman exec starts programs beside its virtual machine, which ${vm} runs, and not in it`);
  if (!exports && labels[folderLabel] === undefined) return { vm };
  // Podman's list has the paths in the container only.
  const isSaid = container.mounts.some(({ source }) => source !== undefined);
  const mounts = isSaid ? container.mounts : mountsOf(await about());
  const isFor = await mountsFolder(labels[folderLabel] ?? '', mounts);
  const folder = isFor ? folderIn(labels) : undefined;
  const source = exports ? mounts.find(isExport)?.source : undefined;
  return { vm, folder, socket: source === undefined ? undefined : await exportSocket(source, deps) };
}

/** The runtime that makes a virtual machine of the container and starts what it is told to exec beside that. */
function runtimeOf(details: JsonObject): string | undefined {
  const { 'run.oci.handler': handler } = objectAt(details, 'Config', 'Annotations');
  const runtime = basename(textOf(details, 'OCIRuntime') ?? '');
  return [runtime, handler].includes('krun') ? 'krun' : undefined;
}

/** The folder of this host that a dev container is for, by VS Code and the devcontainer CLI. */
const folderLabel = 'devcontainer.local_folder';

// An image can bring any label, but only whoever made the container mounted that folder, or the root of its repository or
// of all projects; what an image has copied into a volume is no project.
async function mountsFolder(folder: string, mounts: readonly Mount[]): Promise<boolean> {
  if (mounts.some(({ source }) => source === folder)) return true;
  const isAround = ({ at, source = '/', isBind }: Mount) =>
    isBind &&
    [`/workspaces/${basename(source)}`, '/workspaces'].includes(at ?? '') &&
    folder.startsWith(`${source}/`);
  if (normalize(folder) !== folder || !mounts.some(isAround)) return false;
  return lstat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function folderIn({ [folderLabel]: path = '' }: Container['labels']): string | undefined {
  const name = basename(path);
  return nameProblem(name) === undefined ? name : undefined;
}

function toMachine(
  { id, name, status, labels, address, restarts }: Container,
  provider: 'podman' | 'docker',
  { url, authority }: EngineApi,
  { socket, folder, vm }: Seen,
): DiscoveredContainer {
  const typed = /^\w[\w.-]*$/.test(name) ? name : id;
  const exec =
    status === 'running' && vm === undefined ? execRoutes(engineExec(provider, id, url), typed) : [];
  const ip = status === 'running' ? address : undefined;
  const routes = [...routesTo([socket && `unix${socket}`]), ...exec, ...routesTo([ip])];
  return {
    name: folder ?? name,
    target: `${provider}/${name}`,
    status,
    provider,
    uuid: uuidOf(id),
    authority,
    ...(routes.length === 0 ? {} : { routes }),
    container: { id, labels, url, restarts, ownName: folder && name },
  };
}

/** The machines, and the containers: with the UUID in the target of each whose own name is another's too, or fits no target. */
export function withOwnTargets<M extends DiscoveredMachine = never>(
  containers: readonly DiscoveredContainer[],
  machines: readonly M[] = [],
): readonly (M | DiscoveredContainer)[] {
  const ownName = ({ name, container }: DiscoveredMachine) => container?.ownName ?? name;
  const named = countBy([...machines, ...containers], ownName);
  const typed = containers.map((container) => {
    const isOwn = named.get(ownName(container)) === 1 && nameProblem(ownName(container)) === undefined;
    return isOwn ? container : { ...container, target: `${container.provider}/${container.uuid}` };
  });
  return withOwnNames<M | DiscoveredContainer>([...machines, ...typed]);
}

/**
 * The socket `ssh` in the folder that a container has for its host; undefined if none is seen. Throws a DiscoveryError:
 * LINK for a link, FOREIGN if others could answer in the container's place, INCOMPLETE for a path that no socket has.
 */
export async function exportSocket(source: string, deps: Deps): Promise<string | undefined> {
  const path = `${source}/ssh`;
  const [folder, socket] = await Promise.all(
    [source, path].map((each) => lstat(each).catch(() => undefined)),
  );
  if (!folder || !socket) return undefined;
  // A link may lead to any socket of this host.
  if (socket.isSymbolicLink())
    throw new DiscoveryError('LINK', `${path} is a symbolic link, which the container made: not followed`);
  if (!socket.isSocket()) return undefined;
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw new DiscoveryError('INCOMPLETE', problem);
  for (const [what, { uid }] of [[source, folder] as const, [path, socket] as const])
    if (uid !== process.getuid?.() && (await isPerson(uid, deps)))
      throw new DiscoveryError('FOREIGN', `${what} belongs to user ${uid}, who could answer in its place`);
  return path;
}

/** From 65536 on are the users that only containers have, which nobody else can be, and people of network directories. */
async function isPerson(uid: number, deps: Deps): Promise<boolean> {
  if (await isSystemUser(uid, deps)) return false;
  return uid < 65_536 || (await accountLine(uid, deps)) !== '';
}

/** The machine that a name means: a manager's own machine before a container, which also has its id, whole or the first 12 digits. */
export function findContainer<M extends DiscoveredMachine>(
  name: string,
  list: (deps: Deps) => Promise<Listing<M>>,
  deps: Deps,
  hint?: () => Promise<string | undefined>,
): Promise<Search<M>> {
  const search = async () => {
    const { found, warnings } = await list({ ...deps, wanted: name });
    const machines = found.filter(({ container }) => container === undefined);
    const containers = found.filter(({ container }) => container !== undefined);
    const own = match(name, machines);
    const meant = own.length > 0 ? own : match(name, containers);
    const answer = searchIn(meant, found, ({ target }) => target, warnings);
    const better = answer.outcome === 'unknown' ? await hint?.() : undefined;
    return better === undefined ? answer : { ...answer, hint: better };
  };
  return answerOf(search(), deps.signal);
}

function canMean(text: string, { name, id, labels }: Container): boolean {
  const names = [name, folderIn(labels) ?? name];
  return names.some((name) => match(text, [{ name, uuid: uuidOf(id), container: { id } }]).length > 0);
}

interface Container extends Omit<ContainerFacts, 'url' | 'ownName'> {
  readonly name: string;
  readonly status: Status;
  readonly mounts: readonly Mount[];
  /** The first process's; Docker's list does not have it. */
  readonly pid: number;
  /** The IP address on a network of this host; Podman's list does not have it. */
  readonly address?: string;
}

/** A mount's path in the container, and what of the host is there, which Podman's list does not have. */
type Mount = Readonly<Record<'at' | 'source', string | undefined>> & { readonly isBind?: boolean };

/** The UUID, as Podman gives it to a container's systemd for its machine id. */
function uuidOf(id: Container['id']): string {
  return withDashes(id.slice(0, 32));
}

/** Where systemd of a container, or anybody in it, leaves sockets for its host (https://systemd.io/CONTAINER_INTERFACE/). */
const exportFolder = '/run/host/unix-export';

/** Reads the list of either API, or of `podman ps --format json`, without what only holds a pod. Throws a DiscoveryError PROTOCOL. */
export function parseContainers(answer: unknown): readonly Container[] {
  if (!Array.isArray(answer)) throw new DiscoveryError('PROTOCOL', 'the answer is not a list of containers');
  return answer.filter(isJsonObject).flatMap((each): Container[] => {
    const id = textOf(each, 'Id');
    const [first] = Array.isArray(each.Names) ? each.Names : [];
    // The id becomes an argument of the manager's command.
    if (id === undefined || !/^[0-9a-f]{64}$/.test(id) || each.IsInfra === true) return [];
    // Docker has a slash before each name.
    const name = typeof first === 'string' ? first.replace(/^\//, '') : '';
    const status = statusOf(each.State);
    const known = { labels: labelsOf(each), address: addressOf(each), restarts: restartsOf(each) };
    const pid = typeof each.Pid === 'number' ? each.Pid : 0;
    return [{ id, pid, name: name || id.slice(0, 12), status, ...known, mounts: mountsOf(each) }];
  });
}

/** Podman counts them, Docker has a state while it waits before the next one. */
function restartsOf({ Restarts: count, State: state }: JsonObject): string | undefined {
  if (typeof count === 'number' && count > 0)
    return `it ended and was restarted ${count === 1 ? 'once' : `${count} times`}`;
  return state === 'restarting' ? 'it ended, and its manager restarts it' : undefined;
}

function mountsOf({ Mounts: mounts }: JsonObject): readonly Mount[] {
  const all: readonly unknown[] = Array.isArray(mounts) ? mounts : [];
  return all.map((each) => {
    if (!isJsonObject(each)) return { at: typeof each === 'string' ? each : undefined, source: undefined };
    const source = textOf(each, 'Source');
    // No target can have a control character: its other routes are left.
    const isUsable = source?.startsWith('/') && !hasControlCharacter(source);
    const isBind = each.Type === 'bind';
    return { at: textOf(each, 'Destination'), source: isUsable ? source : undefined, isBind };
  });
}

/** The first one, IPv4 before IPv6. */
function addressOf(container: JsonObject): string | undefined {
  const networks = objectsIn(Object.values(objectAt(container, 'NetworkSettings', 'Networks')));
  const fields = ['IPAddress', 'GlobalIPv6Address'];
  const addresses = fields.flatMap((key) => networks.map((each) => textOf(each, key)));
  return addresses.find((address) => address !== undefined && isIP(address) !== 0);
}

function labelsOf({ Labels: labels }: JsonObject): Container['labels'] {
  const kept = Object.entries(objectAt(labels)).filter(
    (each): each is [string, string] =>
      typeof each[1] === 'string' && each[0].length <= maxOfKey && each[1].length <= maxOfValue,
  );
  return Object.fromEntries(kept.slice(0, maxLabels));
}

/** More than any program sets: devcontainers have a value of some kilobytes. */
const maxLabels = 100;
const maxOfKey = 256;
const maxOfValue = 4096;

const statusOf = statusReader({
  running: ['running'],
  starting: ['restarting'],
  paused: ['paused'],
  stopping: ['stopping', 'removing'],
  off: ['configured', 'created', 'initialized', 'exited', 'stopped', 'dead'],
});
