import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../../files/read-file.js';
import { isLoopback } from '../../typed/names.js';
import { offered } from '../../typed/shell.js';
import { type Deps, DiscoveryError, type Listing, warned } from '../source.js';
import { atService, type ExecWords, execWords } from '../tools/exec-route.js';
import { type JsonObject, objectAt, parseJson, textOf } from '../tools/json.js';
import { type Authority, authorityOf, isOwnPath, socketIn } from '../trusted-path.js';

export interface Engine {
  /** The unix socket of its API. */
  readonly socket: string;
  readonly authority?: Authority;
}

/** The services of this host. */
interface Engines {
  /** This user's Podman, which also works without a service. */
  readonly own?: Engine | undefined;
  readonly others: readonly Engine[];
  /** The service that the command itself asks instead. */
  readonly elsewhere?: string | undefined;
}

/** For its command, which by itself may ask elsewhere: "unix:///run/user/1000/docker.sock". */
export function urlOf({ socket }: Engine): string {
  return `unix://${socket}`;
}

/** What fails with these is not there, has stopped, or is not for this user. */
export const absent: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES']);

/** What starts a program in a container as its root, in the service that listed it. By its id, which no other host has. */
export function engineExec(program: 'podman' | 'docker', id: string, url?: string): ExecWords | undefined {
  return execWords(id, program, ...atService(program, url), 'exec', '--interactive', '--user=0', '--', id);
}

/** Docker on this host: DOCKER_HOST's only, else the current context's, the system's and the user's own; none of another host. */
export async function dockerEngines(deps: Deps): Promise<Engines> {
  const { env, runDir = '/run', platform = process.platform } = deps;
  const folder = platform === 'darwin' ? '/var/run' : runDir;
  const system = `${folder}/docker.sock`;
  const chosen = await dockerAddress(deps);
  // What `docker` itself asks; on Linux /var/run is /run.
  const usual = chosen === undefined ? system : socketIn(chosen)?.replace(/^\/var\/run\//, `${folder}/`);
  const own = ownFolder(env);
  const more = env.DOCKER_HOST && usual ? [] : [system, ...(own ? [`${own}/docker.sock`] : [])];
  const at = engineAt(system, authorityOf());
  const others = [...new Set([...(usual ? [usual] : []), ...more])].map(at);
  return { others, elsewhere: usual === undefined ? chosen : undefined };
}

function engineAt(system: string, authority: Authority | undefined): (socket: string) => Engine {
  return (socket) => ({ socket, authority: socket === system ? undefined : authority });
}

/** Podman on this host: CONTAINER_HOST's only, else the user's own and the system's. */
export function podmanEngines({ env, runDir = '/run' }: Deps, uid: number | undefined): Engines {
  const given = socketIn(env.CONTAINER_HOST ?? '');
  const system = `${runDir}/podman/podman.sock`;
  const at = engineAt(system, authorityOf(uid, uid));
  if (given !== undefined) return { others: [at(given)] };
  // Without a session there is no such folder, and its command is asked.
  const folder = ownFolder(env) ?? (uid === undefined ? undefined : `${runDir}/user/${uid}`);
  const socket = uid === 0 ? system : folder && `${folder}/podman/podman.sock`;
  const own = socket ? at(socket) : undefined;
  return { own, others: uid === 0 ? [] : [at(system)] };
}

/** What to type for a container if its manager's command asks such an address, and no service of this host. */
export function typeThere(program: string, name: string, address: string | undefined): string | undefined {
  if (!address || socketIn(address)) return address && `${program} itself asks ${address}`;
  const parts = /^(?:ssh|(tcp)):\/\/(?:[^@/]*@)?(\w[\w.-]*)(?::(\d+))?(?:\/|$)/.exec(address);
  const [, isTcp, host = 'localhost', port = '22'] = parts ?? [];
  const typed = (via: string) => `type ${offered(`via/${via}/${program}/${name}`)}`;
  if (isLoopback(host)) return `vmssh asks ${program} by a unix socket, or on another host: ${typed('HOST')}`;
  if (isTcp || port === '22') return `${program} itself asks ${host}: ${typed(host)}`;
  return `${program} itself asks port ${port} of ${host}: make that a Host in ~/.ssh/config, and ${typed('HOST')}`;
}

function ownFolder({ XDG_RUNTIME_DIR: folder }: Deps['env']): string | undefined {
  return folder?.startsWith('/') ? folder : undefined;
}

/** In place of a list: the warning of the DiscoveryError that it rejected with. Throws any other error. */
export function warningFor(provider: string, error: unknown): Listing<never> {
  if (!(error instanceof DiscoveryError)) throw error;
  return warned(provider, error.code, error.message);
}

/** Whether a socket is there. Throws a DiscoveryError UNTRUSTED if another user than this one or root has it, or can replace it. */
export async function isThere(socket: string, uid: number | undefined): Promise<boolean> {
  try {
    if (!(await stat(socket)).isSocket()) return false;
  } catch {
    return false;
  }
  if (uid === undefined || isOwnPath(socket, uid, true)) return true;
  const problem = `${socket} belongs to another user, or another user can replace it: not asked`;
  throw new DiscoveryError('UNTRUSTED', problem);
}

// What `docker` asks: DOCKER_HOST, else the address of its context, "unix:///home/u/.docker/desktop/docker.sock";
// undefined for its default. https://docs.docker.com/engine/manage-resources/contexts/
async function dockerAddress({ env }: Deps): Promise<string | undefined> {
  if (env.DOCKER_HOST) return env.DOCKER_HOST;
  const { HOME, DOCKER_CONFIG = HOME && join(HOME, '.docker'), DOCKER_CONTEXT } = env;
  // Without a HOME of this user `docker` looks in the account's, which may have another context.
  if (!DOCKER_CONFIG) return '';
  const config = await readObject(join(DOCKER_CONFIG, 'config.json'));
  const name = DOCKER_CONTEXT || textOf(config, 'currentContext');
  if (name === undefined || name === 'default') return undefined;
  const folder = createHash('sha256').update(name).digest('hex');
  const context = await readObject(join(DOCKER_CONFIG, 'contexts/meta', folder, 'meta.json'));
  return textOf(objectAt(context, 'Endpoints', 'docker'), 'Host') ?? `the missing context ${name}`;
}

async function readObject(path: string): Promise<JsonObject> {
  try {
    return objectAt(parseJson(await readText(path)));
  } catch {
    return {};
  }
}
