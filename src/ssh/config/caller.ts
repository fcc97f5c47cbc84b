import { basename, dirname, join, resolve } from 'node:path';
import { realPath } from '../../files/read-sync.js';
import { loadAddon } from '../../native.js';
import type { Io } from '../../process/io.js';
import { runProgram } from '../../process/run-program.js';
import { version } from '../../version.js';
import { knownHostsFile } from '../folder.js';
import type { Caller } from './host-options.js';

/**
 * How ssh calls vmssh: by the executable that came with Node's script, so that no login waits for Node, if it runs here
 * and is of this version; else as it was called now. `self`: the executable, or Node and a script.
 */
export async function callerForSsh(
  { self, platform, env }: Pick<Io, 'self' | 'platform' | 'env'>,
  hasAddon: () => boolean = () => loadAddon().addon !== undefined,
  arch: string = process.arch,
): Promise<Caller> {
  const keysFile = knownHostsFile(env);
  for (const executable of platform === 'linux' ? executablesWith(self[1], arch) : [])
    if (await isThisVersion(executable)) return { program: [executable], fdpass: true, platform, keysFile };
  return { program: self, fdpass: platform !== 'win32' && hasAddon(), platform, keysFile };
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
