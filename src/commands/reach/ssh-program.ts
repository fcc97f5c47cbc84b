import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Io } from '../../cli/command.js';

/**
 * VMSSH_SSH, or HV_SSH_COMMAND as hvc has it: an absolute path, which may hold spaces, or a program and its options separated
 * by spaces. Only an absolute path: another could name a file that somebody put into the current folder.
 */
export function sshProgram(
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  exists: (path: string) => boolean = existsSync,
): readonly string[] {
  const own = (env.VMSSH_SSH || env.HV_SSH_COMMAND || '').trim();
  if (own === '') return ['ssh'];
  const { isAbsolute } = platform === 'win32' ? win32 : posix;
  return isAbsolute(own) && exists(own) ? [own] : own.split(/\s+/);
}
