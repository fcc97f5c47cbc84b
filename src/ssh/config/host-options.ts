import { checkUserName } from '../../address/names.js';
import { configArgument, type ProxyCall, pathArgument, proxyCommand } from './word.js';

/** How ssh should call vmssh. */
export interface Caller extends Pick<ProxyCall, 'program' | 'platform' | 'givesTyped'> {
  /** Whether this vmssh has the addon, and so can pass a socket to ssh. */
  readonly fdpass: boolean;
}

/** The ssh_config options for one machine. */
export interface HostOptions extends Omit<ProxyCall, keyof Caller>, Caller {
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
    ...['hashknownhosts', 'updatehostkeys', 'checkhostip'],
  ].map((each) => [each, ourKeys] as const),
]);

/** Keywords of ssh_config(5) and their arguments, escaped for a file or for `-o`. Throws a RangeError. */
export function hostOptions(options: HostOptions): readonly (readonly [string, string])[] {
  const { fdpass, user } = options;
  return [
    ['ProxyCommand', proxyCommand(options)],
    ['ProxyUseFdpass', fdpass ? 'yes' : 'no'],
    ['CheckHostIP', 'no'],
    ...hostKeyOptions(options),
    ...(user === undefined ? [] : [['User', configArgument(checkUserName(user))] as const]),
    ...loginKeyOptions(options),
  ];
}

type Settings = readonly (readonly [string, string])[];
type Keys = Pick<HostOptions, 'hostKeyAlias' | 'knownHosts' | 'onlyKnown' | 'identityFile' | 'identityAgent'>;

/** Only those about a machine's host key and login key. */
export function keyOptions(options: Keys): Settings {
  return [...hostKeyOptions(options), ...loginKeyOptions(options)];
}

function hostKeyOptions({ hostKeyAlias, knownHosts, onlyKnown = false }: Keys): Settings {
  const alias = hostKeyAlias === undefined ? [] : [['HostKeyAlias', configArgument(hostKeyAlias)] as const];
  return [...alias, ...hostKeyPolicy(knownHosts, onlyKnown)];
}

function loginKeyOptions({ identityFile, identityAgent }: Keys): Settings {
  return [
    ...(identityFile === undefined ? [] : [['IdentityFile', pathArgument(identityFile)] as const]),
    ...(identityAgent === undefined ? [] : [['IdentityAgent', pathArgument(identityAgent)] as const]),
  ];
}

// Accepts a new machine's key, refuses a changed one; docs/host-keys.md.
function hostKeyPolicy(
  knownHosts: string | undefined,
  onlyKnown: boolean,
): readonly (readonly [string, string])[] {
  if (knownHosts === undefined) {
    return [
      ['StrictHostKeyChecking', 'no'],
      ['UserKnownHostsFile', '/dev/null'],
      // Without it, each login prints that a key was added, though none is kept. -v still shows everything.
      ['LogLevel', 'ERROR'],
    ];
  }
  return [
    ['StrictHostKeyChecking', onlyKnown ? 'yes' : 'accept-new'],
    ['UserKnownHostsFile', pathArgument(knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['HashKnownHosts', 'no'],
    ['UpdateHostKeys', 'no'],
  ];
}
