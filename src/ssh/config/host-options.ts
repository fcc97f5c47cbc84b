import type { HostKeyPolicy } from '../../identity/policy.js';
import { checkUserName } from '../../target/names.js';
import { commandWord, configArgument, type ProxyCall, pathArgument, proxyCommand } from './word.js';

/** How ssh should call vmssh. */
export interface Caller extends Pick<ProxyCall, 'program' | 'platform' | 'givesTyped'> {
  /** Whether this vmssh has the addon, and so can pass a socket to ssh. */
  readonly fdpass: boolean;
  /** Whether that ssh asks a program for host keys (KnownHostsCommand): it then asks vmssh. */
  readonly asksForKeys?: boolean;
  /** Whether that ssh refuses a user who would be more than a word in a shell. */
  readonly refusesUsers?: boolean;
}

/** The ssh_config options for one machine. */
export interface HostOptions extends Omit<ProxyCall, keyof Caller | 'record'>, Caller {
  /** What is done about a key that no machine is known by; undefined: "accept-new". */
  readonly hostKeys?: HostKeyPolicy;
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
  /** The socket of the only ssh-agent to ask; undefined: the user's. */
  readonly identityAgent?: string;
  /** Variables that vmssh gets besides those of ssh. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

const section = 'it would begin or include other lines';
const ourProxy = 'ssh would no longer reach the machine by vmssh';
const ourKeys = "vmssh keeps machines' host keys by their identity (docs/host-keys.md)";

/** Why every Host must not set a keyword of ssh_config(5) to a value; undefined if it may. */
export function refusedSetting(keyword: string, value: string): string | undefined {
  const why = refused.get(keyword.toLowerCase());
  if (why !== undefined || !givesAway(keyword, value)) return why;
  return 'the Hosts of addresses (unix/*, vsock/*) check no host key, so anybody who answers there would get it; set it for one machine in ~/.ssh/config: Host mint';
}

/** Whether a setting lets a server use something of this host: the user's agent, screen or a local command. */
export function givesAway(keyword: string, value: string): boolean {
  return giving.has(keyword.toLowerCase()) && !/^(no|false)?$/i.test(value.trim().replace(/^"(.*)"$/, '$1'));
}

const giving: ReadonlySet<string> = new Set([
  ...['forwardagent', 'forwardx11', 'forwardx11trusted', 'permitlocalcommand'],
]);

const refused: ReadonlyMap<string, string> = new Map([
  ...['host', 'match', 'include'].map((each) => [each, section] as const),
  ...['proxycommand', 'proxyjump', 'hostname', 'canonicalizehostname'].map(
    (each) => [each, ourProxy] as const,
  ),
  ['proxyusefdpass', 'the proxy must be called in the same way: use --no-fdpass'],
  ...[
    ...['hostkeyalias', 'userknownhostsfile', 'globalknownhostsfile', 'stricthostkeychecking'],
    ...['hashknownhosts', 'updatehostkeys', 'checkhostip', 'knownhostscommand'],
  ].map((each) => [each, ourKeys] as const),
]);

/** Keywords of ssh_config(5) and their arguments, escaped for a file or for `-o`. Throws a RangeError. */
export function hostOptions(given: HostOptions): readonly (readonly [string, string])[] {
  const options = { ...given, program: withVariables(given) };
  const { fdpass, user } = options;
  const bring = options.bring === true && mayBring(options);
  return [
    ['ProxyCommand', proxyCommand({ ...options, bring, record: asksVmssh(options) })],
    ['ProxyUseFdpass', fdpass ? 'yes' : 'no'],
    // A machine is none of a domain, whose Host may have its name, and another user and port.
    ['CanonicalizeHostname', 'no'],
    ['CheckHostIP', 'no'],
    ...hostKeyOptions(options),
    ...(user === undefined ? [] : [['User', configArgument(checkUserName(user))] as const]),
    ...loginKeyOptions(options),
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
type LoginKeys = Pick<HostOptions, 'identityFile' | 'identityAgent'>;
type Keys = Pick<HostOptions, 'hostKeyAlias' | 'knownHosts' | 'onlyKnown' | 'hostKeys' | 'typed'> &
  LoginKeys &
  Pick<Caller, 'asksForKeys' | 'program' | 'platform'>;

/** Only those about a machine's host key and login key. */
export function keyOptions(options: Keys): Settings {
  return [...hostKeyOptions(options), ...loginKeyOptions(options)];
}

function hostKeyOptions(options: Keys): Settings {
  const { hostKeyAlias, knownHosts, onlyKnown = false } = options;
  const alias = hostKeyAlias === undefined ? [] : [['HostKeyAlias', configArgument(hostKeyAlias)] as const];
  return [...alias, ...(byCommand(options) ?? hostKeyPolicy(knownHosts, onlyKnown, options.hostKeys))];
}

/** Whether the lines have ssh ask vmssh, which has to be an absolute path there. */
export function asksVmssh({
  asksForKeys = false,
  program,
  platform,
}: Pick<Caller, 'asksForKeys' | 'program' | 'platform'>): boolean {
  return asksForKeys && platform === 'linux' && program[0]?.startsWith('/') === true;
}

/** Whether ssh can log in by an sshd that is brought: only what it asks of vmssh makes its key known, and a shell reads the user's name. */
export function mayBring(caller: Caller): boolean {
  return asksVmssh(caller) && caller.refusesUsers === true;
}

/** With `KnownHostsCommand` vmssh decides; our file is for other clients that read these lines, by the alias. */
function byCommand(options: Keys): Settings | undefined {
  if (!asksVmssh(options)) return undefined;
  const { hostKeyAlias, knownHosts, program, hostKeys, typed } = options;
  const words = [
    ...program.map(commandWord),
    'host-key',
    ...(hostKeys === undefined ? [] : [`--host-keys=${hostKeys}`]),
    // A name that begins with a dash is ssh's own mistake; what comes from a server is no option either.
    `--typed=${typed === undefined ? '%n' : commandWord(typed)}`,
    ...['--', '%I', '%H', '%t', '%K'],
  ];
  const file =
    hostKeyAlias === undefined || knownHosts === undefined ? '/dev/null' : pathArgument(knownHosts);
  return [
    ['StrictHostKeyChecking', 'yes'],
    ['KnownHostsCommand', words.join(' ')],
    ['UserKnownHostsFile', file],
    ['GlobalKnownHostsFile', '/dev/null'],
    // If the user tells ssh to take any key, it writes there what vmssh reads.
    ['HashKnownHosts', 'no'],
    ['UpdateHostKeys', 'no'],
  ];
}

function loginKeyOptions({ identityFile, identityAgent }: LoginKeys): Settings {
  return [
    ...(identityFile === undefined ? [] : [['IdentityFile', pathArgument(identityFile)] as const]),
    ...(identityAgent === undefined ? [] : [['IdentityAgent', pathArgument(identityAgent)] as const]),
  ];
}

// Refuses a changed key, and does with a new one what the policy says; docs/host-keys.md.
function hostKeyPolicy(
  knownHosts: string | undefined,
  onlyKnown: boolean,
  hostKeys: HostKeyPolicy = 'accept-new',
): readonly (readonly [string, string])[] {
  const unknown = { strict: 'yes', ask: 'ask', 'accept-new': undefined }[hostKeys];
  if (knownHosts === undefined) {
    return [
      ['StrictHostKeyChecking', unknown ?? 'no'],
      ['UserKnownHostsFile', '/dev/null'],
      // Without it, each login prints that a key was added, though none is kept. -v still shows everything.
      ...(unknown === undefined ? ([['LogLevel', 'ERROR']] as const) : []),
    ];
  }
  return [
    ['StrictHostKeyChecking', onlyKnown ? 'yes' : (unknown ?? 'accept-new')],
    ['UserKnownHostsFile', pathArgument(knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['HashKnownHosts', 'no'],
    ['UpdateHostKeys', 'no'],
  ];
}
