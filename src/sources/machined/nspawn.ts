import { lstat, readdir } from 'node:fs/promises';
import { quote } from '../../base/errors.js';
import { nameProblem, socketPathProblem } from '../../typed/names.js';
import { type Route, routeBy } from '../../typed/route.js';
import type { SearchWords } from '../no-machine.js';
import { searchList } from '../search.js';
import type { Deps, DiscoveredMachine, Listing, ResolveContext, Search, Source, Warning } from '../source.js';
import { authorityIn, runtimeDirs, type Scope } from '../trusted-path.js';

/** The systemd-nspawn containers that export a socket; needs no machined. */
export const nspawn: Source = {
  name: 'nspawn',
  title: 'systemd-nspawn',
  list: (deps) => listExports(deps),
  resolve: async () => ({ steps: [], joined: undefined }),
  files: async (...asked) => (await import('./nspawn-files.js')).nspawnFiles(...asked),
};

/** The route to the socket that a container of this name exports. Throws a ConnectError. */
export async function exportOf(name: string, context: ResolveContext): Promise<Route> {
  const search = await searchList(name, listExports(context));
  context.signal?.throwIfAborted();
  const [route] = search.outcome === 'found' ? (search.machine.routes ?? []) : [];
  if (route) return route;
  const { machineOrThrow } = await import('../no-machine.js');
  return machineOrThrow(search as Search<never>, name, context.text, askedForExport(name));
}

/** Who is named if no container of this name exports a socket. */
export function askedForExport(name: string): SearchWords {
  return {
    title: nspawn.title,
    missing: `no container ${quote(name)} exports an SSH socket`,
    hints: { unknown: needs },
  };
}

const needs =
  'the container needs systemd 256 or later and sshd, and systemd-nspawn 256 or later on this host: machinectl list';

/** A killed container leaves its socket. */
function fromExport(name: string, path: string, scope: Scope): DiscoveredMachine {
  return {
    name,
    target: `container/${name}`,
    status: 'unknown',
    provider: nspawn.name,
    routes: [routeBy({ family: 'unix', path }, [`container ${quote(name)} exports ${path}`])],
    authority: authorityIn(scope),
  };
}

export interface Fs {
  readdir(path: string): Promise<readonly string[]>;
  lstat(path: string): Promise<{ isSocket(): boolean; isSymbolicLink(): boolean }>;
}

/** All exported sockets, one per name: that of the first folder which has it. */
export async function listExports(deps: Deps, fs: Fs = nodeFs): Promise<Listing> {
  const failures: Failures = new Map();
  const exports = new Map<string, DiscoveredMachine>();
  for (const { scope, path } of runtimeDirs(deps)) {
    const folder = `${path}/systemd/nspawn`;
    const own = await entries(folder, failures, fs);
    const all = [
      ...own.filter((name) => !nspawnsOwn.has(name)),
      ...(await entries(`${folder}/unix-export`, failures, fs)),
    ];
    for (const name of all.filter((each) => nameProblem(each) === undefined))
      for (const path of candidates(folder, name))
        if (!exports.has(name) && (await isSocket(path, failures, fs)))
          exports.set(name, fromExport(name, path, scope));
  }
  return { found: [...exports.values()], warnings: [...failures.values()] };
}

// systemd 262 has a folder per container, 257 has one for all.
function candidates(folder: string, name: string): readonly string[] {
  return [`${folder}/${name}/unix-export/ssh`, `${folder}/unix-export/${name}/ssh`];
}

// systemd's own entries beside the containers' folders; users cannot read "propagate" and "locks".
const nspawnsOwn: ReadonlySet<string> = new Set(['unix-export', 'propagate', 'locks']);

async function entries(path: string, failures: Failures, fs: Fs): Promise<readonly string[]> {
  return (await attempt(fs.readdir(path), path, failures)) ?? [];
}

// The container writes to the folder of its socket: a link there could lead to another machine's socket, or to one of this
// host. From Linux 5.10 on nspawn's mount is "nosymfollow", so that the connect follows none that comes later either.
async function isSocket(path: string, failures: Failures, fs: Fs): Promise<boolean> {
  const stats = await attempt(fs.lstat(path), path, failures);
  if (stats?.isSymbolicLink()) {
    const problem = `${path} is a symbolic link, which the container made: not followed`;
    failures.set(path, { provider: nspawn.name, code: 'LINK', problem });
  }
  if (!stats?.isSocket()) return false;
  const problem = socketPathProblem(path);
  if (problem !== undefined) failures.set(path, { provider: nspawn.name, code: 'INCOMPLETE', problem });
  return problem === undefined;
}

async function attempt<T>(work: Promise<T>, path: string, failures: Failures): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      failures.set(path, { provider: nspawn.name, code, problem: `cannot read ${path}` });
    return undefined;
  }
}

type Failures = Map<string, Warning>;

const nodeFs: Fs = { readdir: (path) => readdir(path), lstat: (path) => lstat(path) };
