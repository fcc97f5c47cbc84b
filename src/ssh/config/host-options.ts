import type { HostKeyPolicy } from '../../identity/policy.js';
import { checkUserName } from '../../typed/names.js';
import { configArgument, type ProxyCall, pathArgument, proxyCommand } from './word.js';

export interface Caller extends Pick<ProxyCall, 'program' | 'platform' | 'givesTyped'> {
  /** Whether this vmssh has the addon, and so can pass a socket to ssh. */
  readonly fdpass: boolean;
  /** Whether that ssh asks a program for host keys (KnownHostsCommand): it then asks vmssh. */
  readonly asksForKeys?: boolean;
  /** Whether that ssh refuses a user who would be more than a word in a shell. */
  readonly refusesUsers?: boolean;
}

export interface HostOptions extends Omit<ProxyCall, keyof Caller | 'record'>, Caller {
  /** Undefined: the user's own word if ssh asks vmssh, else "accept-new". "user": that word if ssh does not ask. */
  readonly hostKeys?: HostKeyPolicy | 'user';
  /** What the user typed, if ssh is called with another name. */
  readonly typed?: string;
  /** The machine's name in known_hosts; undefined: as typed. */
  readonly hostKeyAlias?: string;
  /** The file for host keys; undefined: the machine has no identity, and its key is not kept. */
  readonly knownHosts: string | undefined;
  /** The key is in that file already: no other is accepted. */
  readonly onlyKnown?: boolean;
  readonly user?: string;
  readonly identityFile?: string;
  /** More keys to try after it. */
  readonly ownKeys?: readonly string[];
  /** Variables that vmssh gets besides those of ssh. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Why every Host must not set a keyword of ssh_config(5) to a value; undefined if it may. */
export function refusedSetting(keyword: string, value: string): string | undefined {
  const [why] = reasons.find(([, all]) => all.split(' ').includes(keyword.toLowerCase())) ?? [];
  if (why !== undefined || !givesAway(keyword, value)) return why;
  return 'the Hosts of addresses (unix/*, vsock/*) check no host key, so anybody who answers there would get it; set it for one machine in ~/.ssh/config: Host mint';
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
    'hostkeyalias userknownhostsfile globalknownhostsfile stricthostkeychecking hashknownhosts updatehostkeys checkhostip knownhostscommand',
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
type Keys = Partial<HostOptions> & Asks;

export function keyOptions(options: Keys): Settings {
  const { hostKeyAlias, identityFile, ownKeys = [] } = options;
  const keys = identityFile === undefined ? [] : [identityFile, ...ownKeys];
  return [
    ...(hostKeyAlias === undefined ? [] : [['HostKeyAlias', configArgument(hostKeyAlias)] as const]),
    ...(asksVmssh(options) ? byCommand(options) : byFile(options)),
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
  if (caller.refusesUsers) return undefined;
  return [
    '--bring-sshd needs an ssh that refuses a user with a quote in the name: a shell reads it',
    'use OpenSSH 9.6 or newer, or one with the repair of CVE-2023-51385',
  ];
}

/** With `KnownHostsCommand` vmssh decides, and asks this ssh for the user's StrictHostKeyChecking: a line of ours would displace it. Our file is for other clients that read these lines, by the alias. */
function byCommand({ hostKeyAlias, knownHosts, program, hostKeys, typed }: Keys): Settings {
  const words = [
    ...program.map(pathArgument),
    'host-key',
    ...(hostKeys === undefined || hostKeys === 'user' ? [] : [`--host-keys=${hostKeys}`]),
    // A name that begins with a dash is ssh's own mistake; what comes from a server is no option either.
    `--typed=${typed === undefined ? '%n' : pathArgument(typed)}`,
    ...['--', '%I', '%H', '%t', '%K'],
  ];
  const file =
    hostKeyAlias === undefined || knownHosts === undefined ? '/dev/null' : pathArgument(knownHosts);
  return [
    ['KnownHostsCommand', words.join(' ')],
    ['UserKnownHostsFile', file],
    // If the user tells ssh to take any key, it writes there what vmssh reads.
    ...onlyThisFile,
  ];
}

const onlyThisFile = [
  ['GlobalKnownHostsFile', '/dev/null'],
  ['HashKnownHosts', 'no'],
  ['UpdateHostKeys', 'no'],
] as const;

// Refuses a changed key, and does with a new one what the policy says; docs/host-keys.md.
function byFile({ knownHosts, onlyKnown = false, hostKeys = 'accept-new' }: Keys): Settings {
  const keeps = knownHosts !== undefined;
  const words = { strict: 'yes', ask: 'ask', 'accept-new': keeps ? hostKeys : 'no', user: undefined };
  const word = onlyKnown ? 'yes' : words[hostKeys];
  return [
    ...(word === undefined ? [] : [['StrictHostKeyChecking', word] as const]),
    ['UserKnownHostsFile', keeps ? pathArgument(knownHosts) : '/dev/null'],
    // Without it, each login prints that a key was added, though none is kept. -v still shows everything.
    ...(word === 'no' ? [['LogLevel', 'ERROR'] as const] : []),
    ...(keeps ? onlyThisFile : []),
  ];
}
