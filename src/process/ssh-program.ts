import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';

interface Here {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * The ssh to run: VMSSH_SSH, or hvc's HV_SSH_COMMAND: an absolute path, which may contain spaces, or a program and its options
 * separated by spaces, the program in double quotes if it contains some. The path must be absolute: a relative one could name
 * a file that somebody put into the current folder.
 */
export function sshProgram(
  { env, platform }: Here,
  exists: (path: string) => boolean = existsSync,
): readonly string[] {
  const own = (env.VMSSH_SSH || env.HV_SSH_COMMAND || '').trim();
  if (own === '') return ['ssh'];
  // In quotes as cmd's `set` keeps them; options may follow.
  const [, quoted, rest = ''] = /^"([^"]+)"(?:\s+(.*))?$/s.exec(own) ?? [];
  if (quoted !== undefined) return [quoted, ...rest.split(/\s+/).filter((word) => word !== '')];
  const { isAbsolute } = platform === 'win32' ? win32 : posix;
  return isAbsolute(own) && exists(own) ? [own] : own.split(/\s+/);
}

/** The environment variable that names this program as the ssh to run; undefined if none does. */
export function sshVariable(program: string, here: Here): 'VMSSH_SSH' | 'HV_SSH_COMMAND' | undefined {
  const variable = here.env.VMSSH_SSH ? 'VMSSH_SSH' : 'HV_SSH_COMMAND';
  return here.env[variable] && sshProgram(here)[0] === program ? variable : undefined;
}

/** How to install one of ssh's programs, or rsync; undefined for another program. */
export function howToGet(program: string, platform: NodeJS.Platform): string | undefined {
  if (program === 'rsync')
    return platform === 'win32'
      ? 'vmssh scp needs no rsync; MSYS2 and WSL have one'
      : `${installer(platform)} rsync`;
  if (!['ssh', 'scp', 'sftp'].includes(program)) return undefined;
  return platform === 'win32'
    ? 'in an elevated PowerShell: Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0'
    : `${installer(platform)} ${platform === 'darwin' ? 'openssh' : 'openssh-client'}`;
}

function installer(platform: NodeJS.Platform): string {
  return platform === 'darwin' ? 'brew install' : 'apt-get install';
}
