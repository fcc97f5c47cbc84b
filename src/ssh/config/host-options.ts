import { checkUserName } from '../../address/user-name.js';
import { configArgument, pathArgument, proxyWord } from './word.js';

/** How ssh calls vmssh. */
export interface Caller {
  /** How to call vmssh: an absolute path, or an interpreter and a script. */
  readonly program: readonly string[];
  /** Whether this vmssh can pass a socket to ssh: it has the addon. */
  readonly fdpass: boolean;
  /** Whose ssh it is; any but "win32" is a Unix. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** What is written into an ssh_config for one machine. */
export interface HostOptions extends Caller {
  /** What the proxy is called with; undefined: what ssh was called with. */
  readonly target?: string | undefined;
  /** For the proxy; undefined: ssh's own, which ends at 65535. */
  readonly port?: number | undefined;
  /** Seconds for the proxy's --wait. */
  readonly waitSeconds?: number | undefined;
  /** What known_hosts has the machine by; undefined: as it was typed. */
  readonly hostKeyAlias?: string | undefined;
  /** Where host keys are kept; undefined: the machine has no identity, and no key is kept. */
  readonly knownHosts: string | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
}

/** Keywords of ssh_config(5) and their arguments, escaped as they stand in a file or behind `-o`. Throws a RangeError. */
export function hostOptions(options: HostOptions): readonly (readonly [string, string])[] {
  const { fdpass, hostKeyAlias, knownHosts, user, identityFile } = options;
  return [
    ['ProxyCommand', proxyCommand(options)],
    ['ProxyUseFdpass', fdpass ? 'yes' : 'no'],
    ['CheckHostIP', 'no'],
    ...(hostKeyAlias === undefined ? [] : [['HostKeyAlias', configArgument(hostKeyAlias)] as const]),
    ...hostKeyPolicy(knownHosts),
    ...(user === undefined ? [] : [['User', configArgument(checkUserName(user))] as const]),
    ...(identityFile === undefined ? [] : [['IdentityFile', pathArgument(identityFile)] as const]),
  ];
}

function proxyCommand({ program, fdpass, platform, target, port, waitSeconds }: HostOptions): string {
  const typed = platform === 'win32' ? '--typed "%n" "%h" %p' : "--typed '%n' '%h' %p";
  return [
    ...program.map((word) => proxyWord(word, platform)),
    'proxy',
    ...(fdpass ? ['--fdpass'] : []),
    ...(waitSeconds === undefined ? [] : [`--wait=${waitSeconds}`]),
    target === undefined ? typed : `${proxyWord(target, platform)} ${port ?? '%p'}`,
  ].join(' ');
}

// A new machine's key is taken, a changed one is not; docs/host-keys.md.
function hostKeyPolicy(knownHosts: string | undefined): readonly (readonly [string, string])[] {
  if (knownHosts === undefined) {
    return [
      ['StrictHostKeyChecking', 'no'],
      ['UserKnownHostsFile', '/dev/null'],
    ];
  }
  return [
    ['StrictHostKeyChecking', 'accept-new'],
    ['UserKnownHostsFile', pathArgument(knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['HashKnownHosts', 'no'],
    ['UpdateHostKeys', 'no'],
  ];
}
