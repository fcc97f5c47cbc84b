import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';

interface Here {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * The ssh to run: VMSSH_SSH, or hvc's HV_SSH_COMMAND: an absolute path, which may contain spaces, or a program and its options separated
 * by spaces. The path must be absolute: a relative one could name a file that somebody put into the current folder.
 */
export function sshProgram(
  { env, platform }: Here,
  exists: (path: string) => boolean = existsSync,
): readonly string[] {
  const own = (env.VMSSH_SSH || env.HV_SSH_COMMAND || '').trim();
  if (own === '') return ['ssh'];
  const { isAbsolute } = platform === 'win32' ? win32 : posix;
  return isAbsolute(own) && exists(own) ? [own] : own.split(/\s+/);
}
