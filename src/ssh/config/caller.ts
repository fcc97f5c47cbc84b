import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { loadAddon } from '../../base/native.js';
import type { Env } from '../../base/runtime.js';
import { version } from '../../base/version.js';
import { realPath } from '../../files/read-sync.js';
import type { OwnProgram } from '../../process/io.js';
import { programsInPath } from '../../process/program-in-path.js';
import { runProgram } from '../../process/run-program.js';
import { knownHostsFile } from '../folder.js';
import type { Caller } from './host-options.js';

/**
 * How ssh calls vmssh: by the executable that came with Node's script, so that no login waits for Node, if it runs here
 * and is of this version; else as it was called now. `self`: the executable, or Node and a script.
 */
export async function callerForSsh(
  { self, platform, env }: OwnProgram,
  hasAddon: () => boolean = () => loadAddon().addon !== undefined,
  arch: string = process.arch,
): Promise<Caller> {
  const keysFile = knownHostsFile(env);
  const lasting = (program: readonly string[]) => Promise.all(program.map((path) => lastingPath(path, env)));
  for (const executable of platform === 'linux' ? executablesWith(self[1], arch) : [])
    if (await isThisVersion(executable))
      return { program: await lasting([executable]), fdpass: true, platform, keysFile };
  if (platform === 'win32') return { program: self, fdpass: false, platform, keysFile };
  return { program: await lasting(self), fdpass: hasAddon(), platform, keysFile };
}

/**
 * The path by which a program was called, or PATH finds it, if that leads to the same file and nobody else can change the way: the one of
 * a version, as in Homebrew's Cellar or Nix's store, ends with the next upgrade.
 */
async function lastingPath(path: string, env: Env): Promise<string> {
  const real = realPath(path);
  const called = isAbsolute(process.argv0) ? [process.argv0] : [];
  for (const other of [...called, ...programsInPath(basename(path), env)])
    if (real !== undefined && realPath(other) === real && (await isOnlyOurs(other))) return other;
  return path;
}

async function isOnlyOurs(path: string): Promise<boolean> {
  const { effects, writersByMode } = await import('../../files/writers.js');
  return (await (await writersByMode(effects)).over(path)) === undefined;
}

function executablesWith(script: string | undefined, arch: string): readonly string[] {
  const path = script === undefined ? undefined : realPath(script);
  if (path === undefined) return [];
  const folder = dirname(path);
  // The build puts it there; npm puts its package into our node_modules with -g, else beside ours.
  const places = [`linux-${arch}`, `../node_modules/vmssh-linux-${arch}`];
  // What is beside a checkout, as in /tmp, may be another user's.
  const isInstalled = basename(resolve(folder, '../..')) === 'node_modules';
  if (isInstalled) places.push(`../../vmssh-linux-${arch}`);
  return places.flatMap((place) => realPath(join(folder, place, 'vmssh')) ?? []);
}

function isThisVersion(executable: string): Promise<boolean> {
  return runProgram([executable, '--version'], { env: {}, timeoutMs: 5000 }).then(
    ({ stdout, code }) => code === 0 && stdout.trim() === version,
    () => false,
  );
}
