import { checkUserName } from '../../typed/names.js';
import { inboxOf } from '../folder.js';
import { configArgument, type ProxyCall, pathArgument, proxyCommand } from './word.js';

export interface Caller extends Pick<ProxyCall, 'program' | 'platform' | 'givesTyped'> {
  /** Whether this vmssh has the addon, and so can pass a socket to ssh. */
  readonly fdpass: boolean;
  /** Whether that ssh asks a program for host keys (KnownHostsCommand): it then asks vmssh. */
  readonly asksForKeys?: boolean;
  /** Our known_hosts file, of the user who runs ssh: "~/…" in lines for all users. For an ssh that asks. */
  readonly keysFile?: string;
  /** Whether that ssh refuses a user who would be more than a word in a shell. */
  readonly refusesUsers?: boolean;
  /** The algorithms of host keys that it takes; none: it does not say. */
  readonly hostKeyAlgorithms?: readonly string[];
}

/** What a Host says of its machine, whoever calls vmssh. */
export interface HostSettings extends Omit<ProxyCall, keyof Caller | 'record'> {
  /** What the user typed, if ssh is called with another name. */
  readonly typed?: string;
  /** The name by which ssh looks up its key, and which it shows, if it asks vmssh; undefined: as typed. */
  readonly lookedUp?: string | undefined;
  /** The same for one that does not ask: of the machine itself, or of the key that was made for it. */
  readonly hostKeyAlias?: string | undefined;
  /** The file for host keys of an ssh that does not ask, or with the one that was made. */
  readonly knownHosts: string;
  /** ssh takes any key, and keeps none. */
  readonly throwaway?: boolean;
  /** The key is in that file already: no other is accepted. */
  readonly onlyKnown?: boolean;
  readonly user?: string;
  readonly identityFile?: string;
  /** More keys to try after it. */
  readonly ownKeys?: readonly string[];
  /** Variables that vmssh gets besides those of ssh. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface HostOptions extends HostSettings, Caller {}

/** Why every Host must not set a keyword of ssh_config(5) to a value; undefined if it may. */
export function refusedSetting(keyword: string, value: string): string | undefined {
  const word = keyword.toLowerCase();
  if (word === 'stricthostkeychecking' && !/^(yes|ask|accept-new|)$/.test(value.trim()))
    return 'it takes yes, ask or accept-new; for machines that are new at each boot: --throwaway PATTERN';
  return reasons.find(([, all]) => all.split(' ').includes(word))?.[0];
}

/** Whether a setting lets a server use something of this host: the user's agent, screen or a local command. */
export function givesAway(keyword: string, value: string): boolean {
  const said = value.trim().replace(/^"(.*)"$/, '$1');
  return giving.includes(keyword.toLowerCase()) && !/^(no|false)?$/i.test(said);
}

const giving = ['forwardagent', 'forwardx11', 'forwardx11trusted', 'permitlocalcommand'];

const reasons: readonly (readonly [why: string, keywords: string])[] = [
  ['it would begin or include other lines', 'host match include'],
  ['ssh would no longer reach the machine by vmssh', 'proxycommand proxyjump hostname canonicalizehostname'],
  ['the proxy must be called in the same way: use --no-fdpass', 'proxyusefdpass'],
  [
    "vmssh keeps machines' host keys by their identity (docs/host-keys.md)",
    'hostkeyalias userknownhostsfile globalknownhostsfile hashknownhosts updatehostkeys checkhostip knownhostscommand verifyhostkeydns',
  ],
];

/** Keywords of ssh_config(5) and their arguments, escaped for a file or for `-o`. Throws a RangeError. */
export function hostOptions(given: HostOptions): Settings {
  const options = { ...given, program: withVariables(given) };
  const { fdpass, user } = options;
  const bring = options.bring === true && whyNoBring(options) === undefined;
  // The User of a Host was named, too, and may be this host's own.
  const namesUser = options.namesUser === true || user !== undefined;
  return [
    ['ProxyCommand', proxyCommand({ ...options, bring, namesUser, record: asksVmssh(options) })],
    ['ProxyUseFdpass', fdpass ? 'yes' : 'no'],
    // A machine is none of a domain, whose Host may have its name, and another user and port.
    ['CanonicalizeHostname', 'no'],
    ['CheckHostIP', 'no'],
    ...(user === undefined ? [] : [['User', configArgument(checkUserName(user))] as const]),
    ...keyOptions(options),
  ];
}

/** env(1) takes a program with "=" in its path for a variable: that one goes without. */
function withVariables({ program, environment = {} }: HostOptions): readonly string[] {
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const [first = ''] = program;
  if (set.length === 0 || first.includes('=')) return program;
  return [first.startsWith('/') ? '/usr/bin/env' : 'env', ...set, ...program];
}

type Settings = readonly (readonly [string, string])[];
type Asks = Pick<Caller, 'asksForKeys' | 'program' | 'platform'>;
type Keys = Pick<HostOptions, 'knownHosts'> & Partial<HostOptions> & Asks;

export function keyOptions(options: Keys): Settings {
  const { hostKeyAlias, lookedUp, onlyKnown, identityFile, ownKeys = [] } = options;
  const keys = identityFile === undefined ? [] : [identityFile, ...ownKeys];
  const asks = asksVmssh(options);
  const alias = asks && !onlyKnown ? lookedUp : hostKeyAlias;
  return [
    ...(alias === undefined ? [] : [['HostKeyAlias', configArgument(alias)] as const]),
    ...(asks ? byCommand(options) : byFile(options)),
    // ssh would take DNS' word first.
    ['VerifyHostKeyDNS', 'no'],
    ...keys.map((path) => ['IdentityFile', pathArgument(path)] as const),
  ];
}

/** Whether the lines have ssh ask vmssh, which has to be an absolute path there. */
export function asksVmssh({ asksForKeys = false, program, platform }: Asks): boolean {
  return asksForKeys && platform === 'linux' && program[0]?.startsWith('/') === true;
}

/** Why ssh cannot log in by an sshd that is brought, and the fix: only what it asks of vmssh makes its key known, and a shell reads the user's name. */
export function whyNoBring(caller: Caller): readonly [problem: string, hint: string] | undefined {
  if (!asksVmssh(caller))
    return [
      '--bring-sshd needs an ssh that asks vmssh for the host key, which is a new one each time',
      'use OpenSSH 8.5 or newer, and no UserKnownHostsFile or KnownHostsCommand of your own',
    ];
  if (!caller.refusesUsers)
    return [
      '--bring-sshd needs an ssh that refuses a user with a quote in the name: a shell reads it',
      'use OpenSSH 9.6 or newer, or one with the repair of CVE-2023-51385',
    ];
  const { hostKeyAlgorithms: taken = [] } = caller;
  if (taken.length === 0 || taken.includes('ssh-ed25519')) return undefined;
  return [
    `--bring-sshd needs an ssh that takes an ed25519 host key: its HostKeyAlgorithms is ${taken.join()}`,
    'install an sshd there: vmssh setup --install-sshd NAME; or add ssh-ed25519 to them',
  ];
}

/** Whatever vmssh neither vouches for nor contradicts is ssh's to decide, which keeps what it accepts in the first file. */
function byCommand({
  knownHosts,
  keysFile = knownHosts,
  onlyKnown,
  program,
  typed,
  throwaway,
}: Keys): Settings {
  const words = [
    ...program.map(pathArgument),
    'host-key',
    `--file=${fileWord(keysFile)}`,
    ...(throwaway ? ['--throwaway'] : []),
    // A name that begins with a dash is ssh's own mistake; what comes from a server is no option either.
    `--typed=${typed === undefined ? '%n' : pathArgument(typed)}`,
    ...['--', '%I', '%H', '%t', '%K'],
  ];
  const files = onlyKnown ? [knownHosts] : [inboxOf(keysFile), keysFile];
  const keeping = throwaway ? keepsNone : [['UserKnownHostsFile', files.map(fileWord).join(' ')] as const];
  return [['KnownHostsCommand', words.join(' ')], ...keeping, ...onlyTheseFiles];
}

/** ssh's home directory is that of the password database, as "~" is, which no program expands. */
function fileWord(path: string): string {
  return path.startsWith('~/') ? `%d${path.slice(1)}` : pathArgument(path);
}

const onlyTheseFiles = [
  ['GlobalKnownHostsFile', '/dev/null'],
  ['HashKnownHosts', 'no'],
  ['UpdateHostKeys', 'no'],
] as const;

const keepsNone = [
  ['StrictHostKeyChecking', 'no'],
  ['UserKnownHostsFile', '/dev/null'],
] as const;

/** Lines for what is new at each boot, as systemd's own: they stand above all others, and what they give nobody takes. */
export function throwawayLines(caller: Caller): Settings {
  const nothing = ['ForwardAgent', 'ForwardX11', 'ForwardX11Trusted', 'PermitLocalCommand'];
  return [
    ...keyOptions({ ...caller, knownHosts: '', throwaway: true }),
    ...nothing.map((each) => [each, 'no'] as const),
  ];
}

/** ssh refuses a changed key, and does with a new one what the user told it. */
function byFile({ knownHosts, onlyKnown, throwaway }: Keys): Settings {
  if (throwaway) return [...keepsNone, ...onlyTheseFiles];
  return [
    ...(onlyKnown ? [['StrictHostKeyChecking', 'yes'] as const] : []),
    ['UserKnownHostsFile', pathArgument(knownHosts)],
    ...onlyTheseFiles,
  ];
}
