import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { programsInPath } from './program-in-path.js';
import { runProgram } from './run-program.js';

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

/** Of the ssh that reads the lines. */
interface SshAbilities {
  /** Whether it gives a ProxyCommand the host as it was typed (%n). Without it any %n is fatal there. */
  readonly givesTyped: boolean;
  /** Whether its Include knows C:/… as an absolute path. */
  readonly includesDrives: boolean;
  /** Whether its -W takes the path of a unix socket. */
  readonly forwardsPaths: boolean;
  /** Whether it warns of a key exchange that is not post-quantum, and knows WarnWeakCrypto. False if its version is not known: others end at that word. */
  readonly warnsOfKex: boolean;
  /** Whether it knows KnownHostsCommand. False if its version is not known: others end at that word. */
  readonly asksForKeys: boolean;
}

/** What an ssh can do, the one in PATH by default. A missing one, or one that does not say its version, counts as a current one. */
export async function sshAbilities(
  env: Readonly<Record<string, string | undefined>>,
  ssh: readonly string[] = ['ssh'],
): Promise<SshAbilities> {
  try {
    const { stdout, stderr } = await runProgram([...ssh, '-V'], { env, timeoutMs: 5000 });
    return abilitiesOf(stderr + stdout);
  } catch {
    return abilitiesOf('');
  }
}

/**
 * Whether each ssh that may read the user's lines knows KnownHostsCommand: one that does not ends at that word, whatever host is asked
 * for. Those of PATH and of the system's folders, and the one that is chosen.
 */
export async function everySshAsksForKeys(here: Here): Promise<boolean> {
  return everySsh(here, async (ssh) => (await sshAbilities(here.env, ssh)).asksForKeys);
}

/** Whether each of them refuses a user who would be more than a word in a shell. */
export async function everySshRefusesUsers(here: Here): Promise<boolean> {
  return everySsh(here, (ssh) => refusesUsers(here.env, ssh));
}

/**
 * Whether an ssh refuses a user with a quote in the name, whom the shell of a ProxyCommand with '%r' would run. By asking it: 9.6 does, and
 * distributions' older ones (CVE-2023-51385).
 */
export async function refusesUsers(
  env: Readonly<Record<string, string | undefined>>,
  ssh: readonly string[] = ['ssh'],
): Promise<boolean> {
  try {
    const asked = [...ssh, '-F', 'none', '-G', '-l', "a'b", 'localhost'];
    const { code, stderr } = await runProgram(asked, { env: { ...env, LC_ALL: 'C' }, timeoutMs: 5000 });
    return code !== 0 && /invalid characters/.test(stderr);
  } catch {
    return false;
  }
}

async function everySsh(
  { env, platform }: Here,
  can: (ssh: readonly string[]) => Promise<boolean>,
): Promise<boolean> {
  if (platform !== 'linux') return false;
  const found = programsInPath('ssh', { PATH: `${env.PATH ?? ''}:/usr/bin:/usr/local/bin` });
  const own = sshProgram({ env, platform });
  const all = [...[...new Set(found)].map((path) => [path]), ...(own[0] === 'ssh' ? [] : [own])];
  const asked = await Promise.all(all.map(can));
  return asked.length > 0 && asked.every((each) => each);
}

/** By the output of `ssh -V`, such as "OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5". */
export function abilitiesOf(output: string): SshAbilities {
  const version = sshVersion(output);
  // %n came with 8.1 (https://www.openssh.com/txt/release-8.1).
  const isSince = (least: number) => version === undefined || version >= least;
  // path_absolute in https://github.com/PowerShell/openssh-portable/blob/v8.0.0.0/readconf.c
  // https://www.openssh.com/txt/release-9.4
  // https://www.openssh.com/txt/release-10.1
  return {
    givesTyped: isSince(801),
    includesDrives: isSince(800),
    forwardsPaths: isSince(904),
    warnsOfKex: (version ?? 0) >= 1001,
    // https://www.openssh.com/txt/release-8.5
    asksForKeys: (version ?? 0) >= 805,
  };
}

/** 100 times the first number of a version plus the second: 706 for 7.6. Undefined if it is not OpenSSH's. */
export function sshVersion(output: string): number | undefined {
  const [, major, minor] = /OpenSSH\D{0,40}(\d{1,3})\.(\d{1,2})/.exec(output) ?? [];
  return major === undefined ? undefined : Number(major) * 100 + Number(minor);
}
