import { lstat, readdir } from 'node:fs/promises';
import { nameProblem } from '../../address/machine-name.js';
import { match } from '../match.js';
import type { Deps } from '../provider.js';
import { type Search, searchIn } from '../search.js';
import { runtimeDirs } from '../tools/runtime-dirs.js';

/** The socket of a container's SSH server, exported to this host by systemd-nspawn. */
export interface Export {
  /** The container's name. */
  readonly name: string;
  readonly path: string;
}

export interface ReadFailure {
  readonly path: string;
  /** An errno's name, or LINK. */
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
  const tried = folders(deps).flatMap((folder) => candidates(folder, name));
  const failures: Failures = new Map();
  for (const path of tried) {
    if (await isSocket(path, failures, fs))
      return { outcome: 'found', machine: { name, path }, warnings: listOf(failures) };
  }
  const exports = [...(await readExports(deps, failures, fs))].map(([name, path]) => ({ name, path }));
  const search = searchIn(
    match(name, exports),
    exports,
    (each) => `container/${each.name}`,
    listOf(failures),
  );
  return search.outcome === 'unknown' ? { ...search, tried } : search;
}

export interface ExportList {
  readonly exports: readonly Export[];
  readonly failures: readonly ReadFailure[];
}

/** All exported sockets, one per name. */
export async function listExports(deps: Deps, fs: Fs = nodeFs): Promise<ExportList> {
  const failures: Failures = new Map();
  const exports = await readExports(deps, failures, fs);
  return { exports: [...exports].map(([name, path]) => ({ name, path })), failures: listOf(failures) };
}

// The paths of the sockets by name, in the order in which findExport looks.
async function readExports(deps: Deps, failures: Failures, fs: Fs): Promise<ReadonlyMap<string, string>> {
  const exports = new Map<string, string>();
  for (const folder of folders(deps)) {
    const names = [
      ...(await entries(folder, failures, fs)).filter((name) => !nspawnsOwn.has(name)),
      ...(await entries(`${folder}/unix-export`, failures, fs)),
    ];
    for (const name of names.filter((each) => nameProblem(each) === undefined)) {
      for (const path of candidates(folder, name)) {
        if (!exports.has(name) && (await isSocket(path, failures, fs))) exports.set(name, path);
      }
    }
  }
  return exports;
}

function folders(deps: Deps): readonly string[] {
  return runtimeDirs(deps).map(({ path }) => `${path}/systemd/nspawn`);
}

// systemd 262 has a folder per container, 257 has one for all.
function candidates(folder: string, name: string): readonly string[] {
  return [`${folder}/${name}/unix-export/ssh`, `${folder}/unix-export/${name}/ssh`];
}

// nspawn's own entries beside the containers' folders; users cannot read "propagate".
const nspawnsOwn: ReadonlySet<string> = new Set(['unix-export', 'propagate']);

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
  return found?.isSocket() ?? false;
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
