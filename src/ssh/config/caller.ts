import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAddon } from '../../native.js';
import { runProgram } from '../../process/run-program.js';
import { version } from '../../version.js';
import type { Caller } from './host-options.js';

/** Where the build puts the executable, beside the script that Node runs. */
const besideScript = 'linux-x64/vmssh';

export interface Self {
  /** How this program is called: the executable, or Node and a script. */
  readonly self: readonly string[];
  readonly platform: NodeJS.Platform;
}

/**
 * How ssh calls vmssh: where Node runs it, by the executable beside it if that is the same version and can be run here, so
 * that no login waits for Node. Otherwise as it was called now.
 */
export async function callerForSsh(
  { self, platform }: Self,
  hasAddon: () => boolean = () => loadAddon().addon !== undefined,
): Promise<Caller> {
  const executable = platform === 'linux' ? executableBeside(self[1]) : undefined;
  if (executable !== undefined && (await isThisVersion(executable)))
    return { program: [executable], fdpass: true, platform };
  return { program: self, fdpass: platform !== 'win32' && hasAddon(), platform };
}

function executableBeside(script: string | undefined): string | undefined {
  if (script === undefined) return undefined;
  try {
    return realpathSync(join(dirname(realpathSync(script)), besideScript));
  } catch {
    return undefined;
  }
}

async function isThisVersion(executable: string): Promise<boolean> {
  try {
    const { stdout, code } = await runProgram([executable, '--version'], { env: {}, timeoutMs: 2000 });
    return code === 0 && stdout.trim() === version;
  } catch {
    return false;
  }
}
