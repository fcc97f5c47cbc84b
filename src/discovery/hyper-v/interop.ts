import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What tells whether this Linux is WSL2's, and where Windows' own vmssh is. */
export interface InteropDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the kernel tells of itself, "/proc". */
  readonly procDir?: string | undefined;
}

/** Whether this is a Linux inside WSL: it starts Windows programs by "interop". */
export function isWsl({ env, procDir = '/proc' }: InteropDeps): boolean {
  if (env.WSL_DISTRO_NAME || env.WSL_INTEROP) return true;
  try {
    return /microsoft/i.test(readFileSync(join(procDir, 'sys/kernel/osrelease'), 'utf8'));
  } catch {
    return false;
  }
}

/** The Windows build of vmssh: what VMSSH_WINDOWS names, else vmssh.exe of PATH, which has Windows' PATH at its end. */
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
