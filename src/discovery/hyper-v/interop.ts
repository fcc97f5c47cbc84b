import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where to see whether this Linux is WSL2's, and where Windows' vmssh is. */
export interface InteropDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The proc file system, "/proc". */
  readonly procDir?: string | undefined;
}

/** Whether this is a Linux inside WSL, which can start Windows programs by "interop". */
export function isWsl({ env, procDir = '/proc' }: InteropDeps): boolean {
  if (env.WSL_DISTRO_NAME || env.WSL_INTEROP) return true;
  try {
    return /microsoft/i.test(readFileSync(join(procDir, 'sys/kernel/osrelease'), 'utf8'));
  } catch {
    return false;
  }
}

/** The Windows build of vmssh: VMSSH_WINDOWS, else vmssh.exe in PATH, which ends with Windows' PATH. */
export function findWindowsVmssh({ env }: InteropDeps): string | undefined {
  if (env.VMSSH_WINDOWS) return env.VMSSH_WINDOWS;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, 'vmssh.exe')).find(isThere);
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
