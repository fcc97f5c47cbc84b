import { basename, dirname, join, resolve } from 'node:path';
import { realPath } from '../../files/read-sync.js';
import { loadAddon } from '../../native.js';
import { runProgram } from '../../process/run-program.js';
import { version } from '../../version.js';
import type { Caller } from './host-options.js';

/**
 * Where the executable is, from `folder`, that of the script that Node runs: the build puts it there; npm puts the package that has it into
 * the package's own node_modules with -g, else beside the package. What is beside a checkout, as in /tmp, may be another user's.
 */
function placesFor(arch: string, folder: string): readonly string[] {
  const isInstalled = basename(resolve(folder, '../..')) === 'node_modules';
  const beside = isInstalled ? [`../../vmssh-linux-${arch}`] : [];
  return [`linux-${arch}`, `../node_modules/vmssh-linux-${arch}`, ...beside];
}

export interface Self {
  /** How this program is called: the executable, or Node and a script. */
  readonly self: readonly string[];
  readonly platform: NodeJS.Platform;
}

/**
 * How ssh calls vmssh: where Node runs it, by the executable that came with it if that is the same version and can be run here, so
 * that no login waits for Node. Otherwise as it was called now.
 */
export async function callerForSsh(
  { self, platform }: Self,
  hasAddon: () => boolean = () => loadAddon().addon !== undefined,
  arch: string = process.arch,
): Promise<Caller> {
  for (const executable of platform === 'linux' ? executablesWith(self[1], arch) : [])
    if (await isThisVersion(executable)) return { program: [executable], fdpass: true, platform };
  return { program: self, fdpass: platform !== 'win32' && hasAddon(), platform };
}

function executablesWith(script: string | undefined, arch: string): readonly string[] {
  const path = script === undefined ? undefined : realPath(script);
  if (path === undefined) return [];
  const folder = dirname(path);
  return placesFor(arch, folder).flatMap((place) => realPath(join(folder, place, 'vmssh')) ?? []);
}

async function isThisVersion(executable: string): Promise<boolean> {
  try {
    const { stdout, code } = await runProgram([executable, '--version'], { env: {}, timeoutMs: 2000 });
    return code === 0 && stdout.trim() === version;
  } catch {
    return false;
  }
}
