import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, posix, win32 } from 'node:path';
import { quote } from '../base/errors.js';
import type { Env, Here } from '../base/runtime.js';
import { foldersOfPath, programsInPath, systemProgram } from './program-in-path.js';
import { runProgram } from './run-program.js';

/**
 * The ssh to run: VMSSH_SSH, or hvc's HV_SSH_COMMAND: an absolute path, which may contain spaces, or a program, in quotes if it contains
 * some, and its options. A relative path could name a file that somebody put into the current folder.
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

/** What `ssh` starts where the user types it, which obeys none of these variables. */
export const typedSsh = ['ssh'] as const;

export interface SshCommand {
  /** ssh and its first options, as `sshProgram` gives them. */
  readonly ssh: readonly string[];
  /** In place of the user's and the system's configuration. */
  readonly configFile?: string;
  /** Options but for -F and -o. */
  readonly flags?: readonly string[];
  /** `Keyword=value`, of which ssh uses the first; or a flag such as -a, of which it uses the last. */
  readonly settings?: readonly string[];
  readonly host: string;
  readonly command?: string;
}

/** The words of a call of ssh. The host is never taken for an option. */
export function sshCommand(options: SshCommand): readonly string[] {
  const { ssh, configFile, flags = [], settings = [], host, command } = options;
  return [
    ...ssh,
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...flags,
    ...settings.flatMap((setting) => (setting.startsWith('-') ? [setting] : ['-o', setting])),
    '--',
    host,
    ...(command === undefined ? [] : [command]),
  ];
}

export const asksNothing = 'BatchMode=yes';

/** A connection of its own: neither one that the user's ssh has open, nor one for others, whatever ControlMaster says. */
export const ownConnection = 'ControlPath=none';

/** Nothing of this host is forwarded, whatever the user's Host or a -A in VMSSH_SSH says. The first ends a Tunnel too (clear_forwardings in ssh's readconf.c). */
export const forwardsNothing = ['ClearAllForwardings=yes', '-a', '-x'] as const;

/** The first value of a keyword, in lower case, in what `ssh -G` prints. */
export function settingIn(printed: string, keyword: string): string | undefined {
  return new RegExp(`^${keyword} (.+)$`, 'm').exec(printed)?.[1];
}

/** ssh's first message: later ones are consequences. Each program of a LD_PRELOAD that is gone, or of another library, begins with the loader's. */
export function firstMessage(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .find((line) => !notMessage.test(line));
}

const notMessage =
  /^(?:$|debug\d:|Warning: Permanently added|OpenSSH_|ERROR: ld\.so|@)|: no version information available /;

/** What ssh with -v waited for when it was ended, if its last word says so. */
export function awaitedCommand(stderr: string): string | undefined {
  const [, command] = /(?:^|\n)debug1: Executing command: '(.*)'\s*$/.exec(stderr) ?? [];
  return command && `ssh waits for the command of a Match exec: ${command}`;
}

export interface NotStarted {
  readonly problem: string;
  readonly hint?: string | undefined;
}

export function whyNotStarted(program = '', error: NodeJS.ErrnoException, here: Here): NotStarted {
  const { code, message } = error;
  const variable = here.env.VMSSH_SSH ? 'VMSSH_SSH' : 'HV_SSH_COMMAND';
  if (here.env[variable] && sshProgram(here)[0] === program)
    return {
      problem: `${variable} names ${quote(program)}, which could not be run: ${code === 'ENOENT' ? 'there is no such program' : message}`,
      hint: `unset ${variable}, or set it to the absolute path of an ssh`,
    };
  const problem = `${quote(program)} could not be run: ${startProblem(error)}`;
  const get = howToGet(program, here.platform);
  if (code === 'ENOENT') return { problem, hint: get ?? `install ${program}` };
  if (code !== 'EACCES') return { problem };
  const paths = foldersOfPath(here.env.PATH ?? '', here.platform).map((folder) => join(folder, program));
  const path = paths.find((path) => existsSync(path)) ?? program;
  return { problem, hint: `see ls -l ${path}${get ? '; in a snap: snap connect NAME:ssh-keys' : ''}` };
}

export function startProblem({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES') return 'you may not execute it';
  return code === 'ENOENT' ? 'it is not installed, or not in PATH' : message;
}

/** ssh runs for no user without an entry in the password database, and with no other library than its own, and says nothing else. */
export const noAccount = /^No user exists for /m;
export const otherLibrary =
  /symbol lookup error:|error while loading shared libraries:|^OpenSSL version mismatch/m;
export const startsNot = new RegExp(`${noAccount.source}|${otherLibrary.source}`, 'm');

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

type SshAbilities = ReturnType<typeof abilitiesOf>;

/** What an ssh can do, the one in PATH by default. A missing one, or one that does not say its version, counts as a current one. */
export async function sshAbilities(env: Env, ssh: readonly string[] = typedSsh): Promise<SshAbilities> {
  return abilitiesOf(await versionSaid(env, ssh));
}

/** Whether it says so itself: dropbear's ssh and tssh do not read what OpenSSH reads. */
export async function isOpenSsh(env: Env, ssh: readonly string[]): Promise<boolean> {
  return isOpenSshs(await versionSaid(env, ssh));
}

function isOpenSshs(said: string): boolean {
  return startsNot.test(said) || sshVersion(said) !== undefined;
}

async function versionSaid(env: Env, ssh: readonly string[]): Promise<string> {
  const end = await runProgram([...ssh, '-V'], { env, timeoutMs: 5000 }).catch(() => undefined);
  return end ? end.stderr + end.stdout : '';
}

/** Each ssh that may read the user's lines. A program that says that it is another one does not read them. */
async function everyOpenSsh(here: Here, folders?: readonly string[]) {
  const all = everySsh(here, folders).map(async (ssh) => ({ ssh, said: await versionSaid(here.env, ssh) }));
  return (await Promise.all(all)).filter(({ said }) => said.trim() === '' || isOpenSshs(said));
}

/** What each ssh here can do: one that does not know a word ends at it, whatever host is asked for. */
export async function everySshAbilities(here: Here, folders?: readonly string[]): Promise<SshAbilities> {
  const programs = await everyOpenSsh(here, folders);
  // On a busy host one may be late.
  const all = programs.some(({ said }) => isOpenSshs(said))
    ? programs.filter(({ said }) => isOpenSshs(said))
    : programs;
  // Others than root in this namespace read these lines too.
  const [first = abilitiesOf(''), ...others] = all.map(({ said }) => abilitiesOf(said, ''));
  const isForAll = (what: keyof SshAbilities) => others.every((each) => each[what]);
  return Object.fromEntries(
    Object.entries(first).map(([what, can]) => [what, can && isForAll(what as keyof SshAbilities)]),
  ) as SshAbilities;
}

/** Whether each of them refuses a user who would be more than a word in a shell. */
export async function everySshRefusesUsers(here: Here, folders?: readonly string[]): Promise<boolean> {
  const ssh = await everyOpenSsh(here, folders);
  const all = await Promise.all(ssh.map((each) => refusesUsers(here.env, each.ssh)));
  return all.length > 0 && all.every((refuses) => refuses);
}

/** Every ssh of PATH and of the system's folders, and the one that is chosen. */
export function everySsh(
  { env, platform }: Here,
  folders = systemFolders(env, platform),
): readonly (readonly string[])[] {
  const inFolders = (PATH: string) => programsInPath(platform === 'win32' ? 'ssh.exe' : 'ssh', { PATH });
  const others = inFolders(folders.join(delimiter)).filter((path) => platform === 'win32' || isTrusted(path));
  const paths = [...inFolders(env.PATH ?? ''), ...others];
  const own = sshProgram({ env, platform });
  const files = paths.map((path) => realpathSync(path));
  const all = paths.filter((path, at) => files.indexOf(realpathSync(path)) === at).map((path) => [path]);
  return own[0] === 'ssh' ? all : [...all, own];
}

/** Homebrew's folder may be any user's, who may put any program there. */
function isTrusted(path: string): boolean {
  const owners = [path, dirname(path)].map((each) => statSync(each).uid);
  return owners.every((uid) => uid === 0 || uid === process.getuid?.());
}

function systemFolders(env: Env, platform: NodeJS.Platform): readonly string[] {
  return platform === 'win32'
    ? [systemProgram('OpenSSH', env), `${env.ProgramFiles ?? 'C:\\Program Files'}\\Git\\usr\\bin`]
    : ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin'];
}

/** Whether an ssh refuses a quote in a user's name, which a ProxyCommand's shell would run with '%r': 9.6, and patched ones (CVE-2023-51385). */
export async function refusesUsers(env: Env, ssh: readonly string[] = typedSsh): Promise<boolean> {
  const asked = [...ssh, '-F', 'none', '-G', '-l', "a'b", 'localhost'];
  const how = { env: { ...env, LC_ALL: 'C' }, timeoutMs: 5000 };
  const end = await runProgram(asked, how).catch(() => undefined);
  return end !== undefined && end.code !== 0 && /invalid characters|^No user exists/m.test(end.stderr);
}

/** By the output of `ssh -V`, such as "OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5". */
export function abilitiesOf(output: string, setgroups = ofNamespace()) {
  // What it can do does not matter: it will say so itself.
  const version = startsNot.test(output) ? 9999 : sshVersion(output);
  const isSince = (least: number) => version === undefined || version >= least;
  // Others end at a word that they do not know.
  const isSurelySince = (least: number) => version !== undefined && version >= least;
  return {
    /** A ProxyCommand gets the host as it was typed, by %n, which is fatal before: https://www.openssh.com/txt/release-8.1 */
    givesTyped: isSince(801),
    /** Whether -W takes the path of a unix socket: https://www.openssh.com/txt/release-9.4 */
    forwardsPaths: isSince(904),
    /** Whether it warns of a key exchange that is not post-quantum, and knows WarnWeakCrypto: https://www.openssh.com/txt/release-10.1 */
    warnsOfKex: isSurelySince(1001),
    /** Whether it knows KnownHostsCommand, and can start one: https://www.openssh.com/txt/release-8.5 */
    asksForKeys: isSurelySince(805) && setgroups !== 'deny\n',
    /** Whether it knows StdinNull: https://www.openssh.com/txt/release-8.7 */
    nullsStdin: isSurelySince(807),
    /** On Windows: it takes its files from the user's profile, and Git's ssh from HOME. */
    readsProfile: version === undefined || output.includes('OpenSSH_for_Windows'),
  };
}

/** What root may do in this user namespace: ssh sets its groups before it starts a KnownHostsCommand (subprocess() in its misc.c). */
function ofNamespace(): string {
  const file = '/proc/self/setgroups';
  return process.getuid?.() === 0 && existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** 100 times the first number of a version plus the second: 706 for 7.6. Undefined if it is not OpenSSH's. */
export function sshVersion(output: string): number | undefined {
  const [, major, minor] = /OpenSSH\D{0,40}(\d{1,3})\.(\d{1,2})/.exec(output) ?? [];
  return major === undefined ? undefined : Number(major) * 100 + Number(minor);
}
