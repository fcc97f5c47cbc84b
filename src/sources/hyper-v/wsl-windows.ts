import { readTextIfAny } from '../../files/read-sync.js';
import { programInPath } from '../../process/program-in-path.js';
import type { Deps } from '../source.js';

/** Where to see whether this Linux is WSL2's, and where Windows' vmssh is. */
type InteropDeps = Pick<Deps, 'env' | 'procDir'>;

/** Whether this is a Linux inside WSL, which can start Windows programs by "interop". */
export function isWsl({ env, procDir = '/proc' }: InteropDeps): boolean {
  if (env.WSL_DISTRO_NAME || env.WSL_INTEROP) return true;
  return /microsoft/i.test(readTextIfAny(`${procDir}/sys/kernel/osrelease`));
}

/** The Windows build of vmssh: VMSSH_WINDOWS, else vmssh.exe in PATH, which ends with Windows' PATH. */
export function findWindowsVmssh({ env }: InteropDeps): string | undefined {
  return env.VMSSH_WINDOWS || programInPath('vmssh.exe', env);
}
