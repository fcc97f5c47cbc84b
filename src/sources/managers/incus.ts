import { isIP } from 'node:net';
import { join } from 'node:path';
import { countBy } from '../../base/group-by.js';
import { readTextIfAny } from '../../files/read-sync.js';
import { foldOf } from '../../typed/names.js';
import { machineCid, parseUuid } from '../../typed/numbers.js';
import { routesTo } from '../routes.js';
import { answerOf, nameInPart, searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, MachineFiles, ReachedMachine } from '../source.js';
import {
  closed,
  DiscoveryError,
  execAsRoot,
  joinListings,
  type Search,
  type Source,
  serviceLimitMs,
  statusReader,
  type Warn,
  type Warning,
} from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { type ExecWords, execRoutes, execWords } from '../tools/exec-route.js';
import { guestsOnly, type IsGuests, notLocal } from '../tools/guest-addresses.js';
import { type GetJson, getBytes, getJson } from '../tools/http-unix.js';
import { isJsonObject, type JsonObject, objectAt, objectsIn, textOf } from '../tools/json.js';
import { maxKeyText } from '../tools/machine-files.js';
import { asksElsewhere, exists, machinesNamed } from '../tools/run-tool.js';
import { configFolder } from '../trusted-path.js';

/** The instances of Incus and LXD, which have the same API: VMs by CID, containers by address. */
export const incus: Source<Instance> = {
  name: 'incus',
  title: 'Incus',
  programs: ['incus', 'lxc'],
  limitMs: serviceLimitMs,
  listCommand: 'incus list local:',
  list: (deps) => listIncus(deps),
  find: findIncus,
  start: ({ name: machine, project, client = 'incus' }) => {
    const place = placeOf(machine, project);
    return { machine, command: [client, 'start', ...place], log: [client, 'info', '--show-log', ...place] };
  },
  files: incusFiles,
};

/** What starts a program in an instance of this host as its root. */
function incusExec(client: 'incus' | 'lxc', machine: string, project?: string): ExecWords | undefined {
  return execWords(machine, client, 'exec', '--mode=non-interactive', ...placeOf(machine, project), '--');
}

/** NAME on this host, or REMOTE:NAME, whatever remote or project its client was switched to. */
const placeOf = (machine: string, project = 'default') => [
  `--project=${project}`,
  machine.includes(':') ? machine : `local:${machine}`,
];

async function findIncus(name: string, deps: Deps): Promise<Search<Instance>> {
  const at = name.indexOf(':');
  if (at < 0) return answerOf(searchList(name, listIncus(deps)), deps.signal);
  const { findOnRemote } = await import('./incus-remote.js');
  const local = { parse: (answer: unknown) => parseInstances(answer), list: listIncus };
  return findOnRemote(name.slice(0, at), name.slice(at + 1), deps, local);
}

/** The remote that its client asks by itself, if that is not this host. https://linuxcontainers.org/incus/docs/main/environment/ */
function ledElsewhere({ env }: Deps): readonly Warning[] {
  const folder = env.INCUS_CONF || join(configFolder(env, env.HOME ?? ''), 'incus');
  const [, kept] = /^default-remote: *["']?([^\s"']+)/m.exec(readTextIfAny(join(folder, 'config.yml'))) ?? [];
  const remote = env.INCUS_REMOTE || kept || 'local';
  if (remote === 'local') return [];
  return asksElsewhere(incus.name, `its remote ${remote} (incus/${remote}:NAME)`, 'NOT_LISTED').warnings;
}

export async function listIncus(
  deps: Deps,
  get: GetJson = getJson,
  isThere: typeof exists = exists,
): Promise<Listing<Instance>> {
  const ask = (sockets: readonly string[], client?: 'lxc') => askFirst(sockets, client, deps, get, isThere);
  const own = ask(await incusSockets(deps, isThere));
  const listing = joinListings(await Promise.all([own, ask(lxdSockets(deps), 'lxc')]));
  const warnings = [...listing.warnings, ...ledElsewhere(deps)];
  const warn = ({ code, message }: DiscoveryError) =>
    warnings.push({ provider: incus.name, code, problem: message });
  const instances = await Promise.all(listing.found.map((instance) => withOwnCid(instance, deps, warn)));
  return { found: instances, warnings };
}

/** The instance, without a CID that leads elsewhere from here. */
async function withOwnCid(machine: Instance, deps: Deps, warn: Warn): Promise<Instance> {
  const { cid, vmm: pid, authority, routes = [] } = machine;
  if (cid === undefined || pid === undefined) return machine;
  if (await leadsToItself(cid, { pid, authority }, deps, warn)) return machine;
  return { ...machine, cid: undefined, routes: routes.filter(({ name }) => name !== 'vsock') };
}

// Denial only counts if all sockets refuse; any other failure at once, since all lead to the same daemon.
async function askFirst(
  sockets: readonly string[],
  client: Instance['client'],
  deps: Deps,
  get: GetJson,
  isThere: typeof exists,
): Promise<Listing<Instance>> {
  const warnings: Warning[] = [];
  for (const socket of sockets) {
    if (!(await isThere(socket))) continue;
    try {
      const answer = await get(socket, '/1.0/instances?recursion=2&all-projects=true', deps);
      const parse = (own?: string) =>
        guestsOnly((isGuests) => parseInstances(answer, { own, isGuests, client }), deps);
      const all = await parse();
      if (all.every(({ via }) => via === undefined)) return { found: all, warnings: [] };
      const server = objectAt(await get(socket, '/1.0', deps), 'metadata', 'environment');
      const own = textOf(server, 'server_name');
      const instances = (await parse(own)).map((machine) =>
        // On another member of the cluster, neither its CID nor its routes mean anything here.
        machine.via === undefined ? machine : { ...machine, cid: undefined, routes: [] },
      );
      return { found: instances, warnings: [] };
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      if (error.code !== 'EACCES') {
        warnings.push({ provider: incus.name, code: error.code, problem: error.message });
        break;
      }
      const problem = `this user may not open ${socket}: its group may (incus, incus-admin or lxd)`;
      warnings.push({ provider: incus.name, code: closed, problem });
    }
  }
  return { found: [], warnings };
}

// For admins, then for users. The users' socket makes a project and a network for each user who connects, so it is only
// asked if this user has run `incus` before, which made its settings folder.
async function incusSockets(
  { env, runDir = '/run' }: Deps,
  isThere: typeof exists,
): Promise<readonly string[]> {
  if (env.INCUS_SOCKET) return [env.INCUS_SOCKET];
  const dirs = env.INCUS_DIR ? [env.INCUS_DIR] : [`${runDir}/incus`, '/var/lib/incus'];
  const hasRun = (await Promise.all(settingsFolders(env).map(isThere))).includes(true);
  const names = hasRun ? ['unix.socket', 'unix.socket.user'] : ['unix.socket'];
  return names.flatMap((name) => dirs.map((dir) => `${dir}/${name}`));
}

// Incus' client has it in HOME, wherever XDG_CONFIG_HOME points (cmd/incus/main.go at 025f4d7); later ones may not.
function settingsFolders({ INCUS_CONF, HOME, ...env }: Deps['env']): readonly string[] {
  if (INCUS_CONF) return [INCUS_CONF];
  if (!HOME) return [];
  return [...new Set([configFolder(env, HOME), `${HOME}/.config`])].map((folder) => `${folder}/incus`);
}

// As a package and as a snap.
function lxdSockets({ env }: Deps): readonly string[] {
  if (env.LXD_SOCKET) return [env.LXD_SOCKET];
  const dirs = env.LXD_DIR ? [env.LXD_DIR] : ['/var/lib/lxd', '/var/snap/lxd/common/lxd'];
  return dirs.map((dir) => `${dir}/unix.socket`);
}

/** An instance, and what its client has to be told of it. */
export interface Instance extends DiscoveredMachine {
  /** Undefined: the default one. */
  readonly project?: string;
  /** Undefined: incus. */
  readonly client?: 'lxc';
  /** The pid of a VM's QEMU, as its daemon counts: no other source's machine is joined by it. */
  readonly vmm?: number;
}

interface Reader extends Pick<Instance, 'client'> {
  /** The name of this member of the cluster. */
  readonly own?: string;
  readonly uid?: number;
  readonly isGuests?: IsGuests;
}

/** Reads the answer to GET /1.0/instances?recursion=2. Throws a DiscoveryError PROTOCOL. */
export function parseInstances(
  answer: unknown,
  { own, uid = process.getuid?.(), isGuests = notLocal, client }: Reader = {},
): readonly Instance[] {
  const { metadata } = objectAt(answer);
  if (!Array.isArray(metadata)) throw new DiscoveryError('PROTOCOL', 'the answer has no list of instances');
  const instances = metadata.filter(isJsonObject);
  const isOthers = (instance: JsonObject) => isOfAnother(textOf(instance, 'project'), uid);
  const all = countBy(instances, ({ name }) => name);
  const mine = countBy(instances, (each) => (isOthers(each) ? undefined : each.name));
  const parts = instances.map(({ name, project }) =>
    nameInPart({ name: `${name}`, part: `${project ?? 'default'}` }),
  );
  const uses = countBy([...instances.map(({ name }) => `${name}`), ...parts], foldOf);
  return machinesNamed(instances, 'name', (name, instance): Instance => {
    const config = objectAt(instance, 'config');
    const strange = isOthers(instance);
    // Another user's takes no name away.
    const isOnly = (strange ? all : mine).get(name) === 1;
    const uuid = parseUuid(textOf(config, 'volatile.uuid') ?? '');
    const known = statusOf(instance.status);
    const status = known === 'off' && instance.stateful === true ? 'saved' : known;
    const isVm = instance.type === 'virtual-machine';
    const cid = isVm ? machineCid(textOf(config, 'volatile.vsock_id')) : undefined;
    const { pid } = objectAt(instance, 'state');
    const ip = ipAddress(instance, isGuests);
    const named = textOf(instance, 'project');
    const project = named === 'default' ? undefined : named;
    const part = project ?? 'default';
    // What its Host is called. It says more than the UUID, which is what others have.
    const inPart = nameInPart({ name, part });
    const other = strange || uses.get(foldOf(inPart)) !== 1 ? (uuid ?? name) : inPart;
    const location = textOf(instance, 'location');
    const via = location === 'none' || location === own ? undefined : location;
    // A VM's agent answers its manager's exec too.
    const runs = via === undefined && (status === 'running' || status === 'starting');
    const exec = runs ? execRoutes(incusExec(client ?? 'incus', name, project), name) : [];
    const byCid = routesTo([cid === undefined ? undefined : `vsock/${cid}`]);
    return {
      name,
      target: `${via === undefined ? '' : `via/${via}/`}incus/${isOnly ? name : other}`,
      status,
      provider: 'incus',
      cid,
      uuid,
      vmm: isVm && runs && typeof pid === 'number' ? pid : undefined,
      routes: [...byCid, ...exec, ...routesTo([ip])],
      via,
      ...(strange ? { authority: 'other' } : {}),
      project,
      part,
      client,
    };
  });
}

/** The daemon makes a project for each user of its group, and the user makes any instance there. */
function isOfAnother(project: string | undefined, uid: number | undefined): boolean {
  const [, owner] = /^user-(\d+)$/.exec(project ?? '') ?? [];
  return owner !== undefined && Number(owner) !== uid;
}

// The first global address at which it can be, as its root or its agent sets it, IPv4 before IPv6.
function ipAddress(instance: JsonObject, isGuests: IsGuests): string | undefined {
  const addresses = Object.values(objectAt(instance, 'state', 'network'))
    .flatMap((device) => objectsIn(objectAt(device).addresses))
    .filter(({ scope }) => scope === 'global')
    .map((each) => textOf(each, 'address') ?? '')
    .filter(isGuests);
  return addresses.find((address) => isIP(address) === 4) ?? addresses.find((address) => isIP(address) === 6);
}

/**
 * The files of an instance by the API (https://linuxcontainers.org/incus/docs/main/rest-api-spec/): also of a container
 * that is off, and of a virtual machine by its agent. The daemon opens them inside the instance's root: a link leads
 * nowhere else.
 */
async function incusFiles(machine: ReachedMachine, deps: Deps): Promise<MachineFiles | undefined> {
  const sockets = { incus: await incusSockets(deps, exists), lxc: lxdSockets(deps) };
  for (const client of ['incus', 'lxc'] as const)
    for (const socket of sockets[client]) {
      const instance = await instanceAt(socket, machine, deps);
      if (!instance) continue;
      const asRoot = execAsRoot(incusExec(client, instance.name, instance.project));
      return { asRoot, read: reader(instance, socket, deps) };
    }
  return undefined;
}

/** The machine's instance, by its UUID if it has one: another project may have one of its name. */
async function instanceAt(
  socket: string,
  { uuid, target }: ReachedMachine,
  deps: Deps,
): Promise<Instance | undefined> {
  if (!(await exists(socket))) return undefined;
  try {
    const all = parseInstances(await getJson(socket, '/1.0/instances?recursion=1&all-projects=true', deps));
    const same = all.filter((instance) =>
      uuid === undefined ? instance.target === target : instance.uuid === uuid,
    );
    // A user of its group may have made one with this UUID in the user's own project.
    const [instance, ...more] = same.filter(({ authority }) => authority !== 'other');
    return more.length === 0 ? instance : undefined;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    return undefined;
  }
}

function reader({ name, project }: Instance, socket: string, deps: Deps): MachineFiles['read'] {
  const place = project === undefined ? '' : `&project=${encodeURIComponent(project)}`;
  const files = `/1.0/instances/${encodeURIComponent(name)}/files`;
  const textOf = async (path: string): Promise<readonly string[]> => {
    const question = `${files}?path=${encodeURIComponent(path)}${place}`;
    try {
      return [(await getBytes(socket, question, deps, maxKeyText)).toString('latin1')];
    } catch (error) {
      // One file that is missing, or no file, is not a failure of the others.
      if (error instanceof DiscoveryError && error.code !== 'TIMEOUT') return [];
      throw error;
    }
  };
  return async (paths) => (await Promise.all(paths.map(textOf))).flat();
}

const statusOf = statusReader({
  // "Ready": its agent reports the end of the boot.
  running: ['Running', 'Ready'],
  starting: ['Starting'],
  off: ['Stopped'],
  stopping: ['Stopping', 'Aborting'],
  paused: ['Freezing', 'Frozen'],
});
