import { lstat, readdir } from 'node:fs/promises';
import { quote } from '../../errors.js';
import { type Route, routeBy } from '../../route.js';
import { nameProblem } from '../../target/names.js';
import { socketPathProblem } from '../../target/text.js';
import type { Asked } from '../no-machine.js';
import type { Deps, DiscoveredMachine, Listing, Search, Warning } from '../provider.js';
import { routesTo } from '../routes.js';
import { match, searchIn } from '../search.js';
import type { ResolveContext, Source } from '../source.js';
import { authorityIn, type RuntimeDir, runtimeDirs, type Scope } from '../tools/scope.js';

/** A container and the path of its exported socket. */
export interface DiscoveredExport extends DiscoveredMachine {
  readonly path: string;
}

/** The systemd-nspawn containers that export a socket; needs no machined. */
export const nspawn: Source<DiscoveredExport> = {
  name: 'nspawn',
  title: 'systemd-nspawn',
  list,
  find,
  resolve: async ({ name, path }) => ({
    steps: [],
    routes: [exportRoute(name, path)],
    joined: undefined,
  }),
  files: async (...asked) => (await import('./nspawn-files.js')).nspawnFiles(...asked),
};

/** The route to the socket that a container of this name exports. Throws a ConnectError. */
export async function exportOf(name: string, context: ResolveContext): Promise<Route> {
  const search = await find(name, context);
  context.signal?.throwIfAborted();
  if (search.outcome === 'found') return exportRoute(search.machine.name, search.machine.path);
  const { machineOrThrow } = await import('../no-machine.js');
  return machineOrThrow<never>(search, name, context.text, askedForExport(name));
}

/** Who is named if no container of this name exports a socket. */
export function askedForExport(name: string): Asked {
  return {
    title: nspawn.title,
    missing: `no container ${quote(name)} exports an SSH socket`,
    hints: {
      unknown:
        'the container needs systemd 256 or later and sshd, and systemd-nspawn 256 or later on this host: machinectl list',
    },
  };
}

function exportRoute(name: string, path: string): Route {
  return routeBy({ family: 'unix', path }, [`container ${quote(name)} exports ${path}`]);
}

async function list(deps: Deps): Promise<Listing<DiscoveredExport>> {
  const { exports, failures } = await listExports(deps);
  return { found: exports.map(fromExport), warnings: failures.map(toWarning) };
}

async function find(name: string, deps: Deps): Promise<Search<DiscoveredExport, Warning>> {
  const search = await findExport(name, deps);
  if (search.outcome === 'refused') return search;
  const warnings = search.warnings.map(toWarning);
  return search.outcome === 'found'
    ? { outcome: 'found', machine: fromExport(search.machine), warnings }
    : { ...search, warnings };
}

// A killed container leaves its socket.
function fromExport({ name, path, scope }: Export): DiscoveredExport {
  const authority = authorityIn(scope);
  const routes = routesTo([`unix${path}`]);
  return {
    name,
    path,
    target: `container/${name}`,
    status: 'unknown',
    provider: nspawn.name,
    routes,
    authority,
  };
}

function toWarning({ code, problem }: ReadFailure): Warning {
  return { provider: nspawn.name, code, problem };
}

/** The socket of a container's SSH server, exported to this host by systemd-nspawn. */
interface Export {
  /** The container's name. */
  readonly name: string;
  readonly path: string;
  /** Of the systemd-nspawn that runs it. */
  readonly scope: Scope;
}

interface ReadFailure {
  readonly path: string;
  /** An errno's name, LINK or INCOMPLETE. */
  readonly code: string;
  readonly problem: string;
}

/** The used part of node:fs/promises. */
export interface Fs {
  readdir(path: string): Promise<readonly string[]>;
  lstat(path: string): Promise<{ isSocket(): boolean; isSymbolicLink(): boolean }>;
}

/** Finds a container's exported socket by name, ignoring case if no exact one exists. */
export async function findExport(
  name: string,
  deps: Deps,
  fs: Fs = nodeFs,
): Promise<Search<Export, ReadFailure>> {
  const problem = nameProblem(name);
  if (problem !== undefined) return { outcome: 'refused', problem };
  const places = folders(deps).flatMap(({ scope, path }) =>
    candidates(path, name).map((each) => ({ scope, path: each })),
  );
  const tried = places.map(({ path }) => path);
  const failures: Failures = new Map();
  for (const place of places) {
    if (await isSocket(place.path, failures, fs))
      return { outcome: 'found', machine: { name, ...place }, warnings: listOf(failures) };
  }
  const exports = await readExports(deps, failures, fs);
  const search = searchIn(
    match(name, exports),
    exports,
    (each) => `container/${each.name}`,
    listOf(failures),
  );
  return search.outcome === 'unknown' ? { ...search, tried } : search;
}

interface ExportList {
  readonly exports: readonly Export[];
  readonly failures: readonly ReadFailure[];
}

/** All exported sockets, one per name. */
export async function listExports(deps: Deps, fs: Fs = nodeFs): Promise<ExportList> {
  const failures: Failures = new Map();
  const exports = await readExports(deps, failures, fs);
  return { exports, failures: listOf(failures) };
}

// By name, in the order in which findExport looks.
async function readExports(deps: Deps, failures: Failures, fs: Fs): Promise<readonly Export[]> {
  const exports = new Map<string, Export>();
  for (const { scope, path: folder } of folders(deps)) {
    const names = [
      ...(await entries(folder, failures, fs)).filter((name) => !nspawnsOwn.has(name)),
      ...(await entries(`${folder}/unix-export`, failures, fs)),
    ];
    for (const name of names.filter((each) => nameProblem(each) === undefined)) {
      for (const path of candidates(folder, name)) {
        if (!exports.has(name) && (await isSocket(path, failures, fs)))
          exports.set(name, { name, path, scope });
      }
    }
  }
  return [...exports.values()];
}

function folders(deps: Deps): readonly RuntimeDir[] {
  return runtimeDirs(deps).map(({ scope, path }) => ({ scope, path: `${path}/systemd/nspawn` }));
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
  const found = await attempt(fs.lstat(path), path, failures);
  if (found?.isSymbolicLink()) {
    const problem = `${path} is a symbolic link, which the container made: not followed`;
    failures.set(path, { path, code: 'LINK', problem });
  }
  if (!found?.isSocket()) return false;
  const problem = socketPathProblem(path);
  if (problem !== undefined) failures.set(path, { path, code: 'INCOMPLETE', problem });
  return problem === undefined;
}

async function attempt<T>(work: Promise<T>, path: string, failures: Failures): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      failures.set(path, { path, code, problem: `cannot read ${path}` });
    return undefined;
  }
}

function listOf(failures: Failures): readonly ReadFailure[] {
  return [...failures.values()];
}

// By path.
type Failures = Map<string, ReadFailure>;

const nodeFs: Fs = { readdir: (path) => readdir(path), lstat: (path) => lstat(path) };
