import type { ListedRoute } from '../../route.js';
import { configFolder } from '../config-folder.js';
import { DiscoveryError } from '../discovery-error.js';
import { type Deps, type Listing, type Manager, serviceLimitMs, type Warning } from '../provider.js';
import { routesOf } from '../routes.js';
import { answerOf, type Search, searchList } from '../search.js';
import { operand } from '../start-command.js';
import { execRoute } from '../tools/exec-route.js';
import { exists } from '../tools/exists.js';
import { type GetJson, getJson } from '../tools/http-unix.js';
import { isJsonObject } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';
import { type Instance, parseInstances } from './incus-instances.js';

/** The instances of Incus and LXD, which have the same API: VMs by CID, containers by address. */
export const incus: Manager<Instance> = {
  name: 'incus',
  title: 'Incus',
  platforms: ['linux'],
  limitMs: serviceLimitMs,
  listCommand: 'incus list',
  list: (deps) => listIncus(deps),
  find: findIncus,
  start: ({ name: machine, project, client = 'incus' }) => {
    const place = project === undefined ? [] : [`--project=${project}`];
    return { machine, command: [client, 'start', ...place, ...operand(machine)] };
  },
};

/** NAME on this host, or REMOTE:NAME. */
async function findIncus(name: string, deps: Deps): Promise<Search<Instance, Warning>> {
  const at = name.indexOf(':');
  if (at < 0) return answerOf(searchList(name, listIncus(deps)), deps.signal);
  const { findOnRemote } = await import('./incus-remote.js');
  const local = { parse: parseInstances, list: listIncus };
  return findOnRemote(name.slice(0, at), name.slice(at + 1), deps, local);
}

export async function listIncus(
  deps: Deps,
  get: GetJson = getJson,
  isThere: typeof exists = exists,
): Promise<Listing<Instance>> {
  const ask = (sockets: readonly string[]) => askFirst(sockets, deps, get, isThere);
  const [own, ofLxd] = await Promise.all([ask(await incusSockets(deps, isThere)), ask(lxdSockets(deps))]);
  const lxd = ofLxd.found.map((each) => ({ ...each, client: 'lxc' as const }));
  return {
    found: [...own.found, ...lxd].map((each) => ({ ...each, ...withExec(each) })),
    warnings: [...own.warnings, ...ofLxd.warnings],
  };
}

/** The routes of an instance on this host: a VM's vsock, its manager's exec, which a VM's agent answers too, and its address. */
function withExec(instance: Instance): Pick<Instance, 'routes'> {
  const { name, via, status, client, project } = instance;
  const runs = status === 'running' || status === 'starting';
  if (via !== undefined || !runs) return {};
  const exec = execRoute(client ? 'lxd' : 'incus', name, { namespace: project });
  if (!exec) return {};
  const known = routesOf(instance);
  const isSocket = ({ route }: ListedRoute) => route !== 'ip';
  return { routes: [...known.filter(isSocket), exec, ...known.filter((each) => !isSocket(each))] };
}

// Try each socket of a service; report denial only if all refuse. Any other failure counts at once, since all the
// sockets of a service lead to the same daemon.
async function askFirst(
  sockets: readonly string[],
  deps: Deps,
  get: GetJson,
  isThere: typeof exists,
): Promise<Listing<Instance>> {
  const warnings: Warning[] = [];
  for (const socket of sockets) {
    if (!(await isThere(socket))) continue;
    try {
      const answer = await get(socket, query, deps);
      const all = parseInstances(answer);
      if (all.every(({ via }) => via === undefined)) return { found: all, warnings: [] };
      const own = serverName(await get(socket, '/1.0', deps));
      const found = parseInstances(answer, own).map((machine) =>
        // On another member of the cluster, neither its CID nor its address means anything here.
        machine.via === undefined ? machine : { ...machine, cid: undefined, address: undefined },
      );
      return { found, warnings: [] };
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      const hint = error.code === 'EACCES' ? ' (its group may: incus, incus-admin or lxd)' : '';
      warnings.push({ provider: incus.name, code: error.code, problem: `${error.message}${hint}` });
      if (error.code !== 'EACCES') break;
    }
  }
  return { found: [], warnings };
}

const query = '/1.0/instances?recursion=2&all-projects=true';

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

// Its client has it in HOME, wherever XDG_CONFIG_HOME points (cmd/incus/main.go at 025f4d7); later ones may not.
function settingsFolders({ INCUS_CONF, HOME, ...env }: Deps['env']): readonly string[] {
  if (INCUS_CONF) return [INCUS_CONF];
  if (!HOME) return [];
  return [...new Set([configFolder(env, HOME), `${HOME}/.config`])].map((folder) => `${folder}/incus`);
}

// As a package and as a snap.
function lxdSockets({ env }: Deps): readonly string[] {
  const dirs = env.LXD_DIR ? [env.LXD_DIR] : ['/var/lib/lxd', '/var/snap/lxd/common/lxd'];
  return dirs.map((dir) => `${dir}/unix.socket`);
}

function serverName(answer: unknown): string | undefined {
  const metadata = isJsonObject(answer) && isJsonObject(answer.metadata) ? answer.metadata : {};
  return isJsonObject(metadata.environment) ? textOf(metadata.environment, 'server_name') : undefined;
}
