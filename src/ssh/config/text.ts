import { hostPatterns, type Kind } from '../../kinds/kind.js';
import { kindOf, kinds, parseTarget } from '../../kinds/kinds.js';
import type { OwnOptions } from '../../proxy-args.js';
import { slug } from '../../typed/names.js';
import { isBareId } from '../../typed/numbers.js';
import { type GuestKeys, namesOfGuest, trustIn } from '../guest-keys.js';
import { asksVmssh, type Caller, type HostOptions, hostOptions, keyOptions } from './host-options.js';

export interface ConfigTextOptions extends Caller, Pick<HostOptions, 'hostKeys' | 'routes' | 'bring'> {
  /** The file for the keys of machines with an identity, in a form for ssh_config. */
  readonly knownHosts?: string;
  /** Settings for every Host, above ours: ssh uses the first of each. */
  readonly settings?: readonly (readonly [keyword: string, value: string])[];
  /** A Host block for each, so that IDEs list them. */
  readonly hosts?: readonly ConcreteHost[];
  readonly start?: StartedHosts;
  readonly keepsAlive?: boolean;
  /** Machines whose host keys are known beforehand. */
  readonly guests?: readonly GuestKeys[];
  /** Names of kinds that another program serves on this host. On the other side of a hop they are still ours. */
  readonly servedElsewhere?: readonly string[];
  /** Whether that ssh warns of a key exchange that is not post-quantum (from 10.1), and so knows WarnWeakCrypto. */
  readonly warnsOfKex?: boolean;
}

export interface ConcreteHost {
  readonly host: string;
  /** More names for it, each exact. */
  readonly names?: readonly string[];
  readonly options: Omit<HostOptions, keyof Caller>;
  readonly about: string;
}

/** Which Hosts start a machine that is off: these, by a name of theirs or by the target; or each, but only where ssh has a terminal. */
export type StartedHosts = readonly string[] | 'terminal';

export function startOf(
  hosts: StartedHosts | undefined,
  { host, names = [], target }: { host: string; names?: readonly string[]; target?: string | undefined },
): OwnOptions['start'] {
  if (hosts === undefined || hosts === 'terminal') return hosts;
  return [host, ...names, target].some((each) => each !== undefined && hosts.includes(each));
}

/** A machine that is paused, restored or migrated ends the session with a message, after a minute. */
const keepAlive = [
  ['ServerAliveInterval', '15'],
  ['ServerAliveCountMax', '4'],
] as const;

/** Where ssh keeps machines' keys by name: in the folder of the user who runs it. */
export const userKnownHosts = '~/.ssh/vmssh_known_hosts';

const allKinds: readonly Kind[] = kinds;

/** The host patterns of all kinds whose host keys are kept, or of those whose are not. `.host` comes first. */
function patterns(hostKey: Kind['hostKey'], servedElsewhere: readonly string[]): string {
  const own = allKinds.filter((kind) => kind.hostKey === hostKey);
  const here = own.filter(({ name }) => !servedElsewhere.includes(name)).flatMap(hostPatterns);
  // On another hypervisor an address is an address too; all else there is a machine, by the patterns of "via".
  const there = hostKey === 'none' ? own.flatMap(hostPatterns) : [];
  return [...here, ...there.flatMap((pattern) => [`via/*/${pattern}`, `via%*%${pattern}`])].join(' ');
}

/** The lines for an ssh_config, for a Unix ssh. Throws a RangeError if a path is not possible in such a file. */
export function configText(options: ConfigTextOptions): string {
  const { program, fdpass, platform, givesTyped, asksForKeys, refusesUsers } = options;
  const caller = { program, fdpass, platform, givesTyped, asksForKeys, refusesUsers };
  const { knownHosts = userKnownHosts, settings = [], hosts = [], guests = [] } = options;
  const { hostKeys, start, bring, routes, servedElsewhere = [], warnsOfKex = false } = options;
  const alive = options.keepsAlive ? [] : keepAlive;
  const allPatterns = (hostKey: Kind['hostKey']) => patterns(hostKey, servedElsewhere);
  const block = (host: string, options: Omit<HostOptions, keyof Caller>) => {
    // The proxy is given %h, which a HostName of the user's for all hosts would change: "%h.example.com".
    const typed = options.target === undefined ? [['HostName', '%h'] as const] : [];
    return withLines(host, [
      ...settings,
      ...typed,
      ...hostOptions({ hostKeys, ...options, ...caller }),
      ...alive,
    ]);
  };
  const machineLines = ({ host, names = [], options, about }: ConcreteHost) => {
    const { target } = options;
    const own = {
      ...options,
      start: startOf(start, { host, names, target }),
      bring: (bring || options.bring) && !target?.startsWith('via/'),
      // The hypervisor there chooses the route.
      routes: target?.startsWith('via/') ? undefined : routes,
    };
    return [
      `# ${about}`,
      ...names.filter(isBareId).map((id) => withLines(id, proxyOfId(id, { ...own, ...caller }))),
      block([host, ...names].join(' '), own),
    ];
  };
  const isByTarget = (host: string) => host.includes('/');
  return [
    '# vmssh: ssh into machines on this host without a network',
    '',
    // First, since ssh uses the first value of each setting.
    ...guests.flatMap((guest) => {
      const names = namesOfGuest(guest);
      const about = `# ${guest.name}: "vmssh guest credentials" made its host key, and no other is accepted.`;
      return names.length === 0
        ? []
        : [about, withLines(names.join(' '), keyOptions({ ...trustIn(guest), ...caller, hostKeys }))];
    }),
    ...hosts.filter(({ host }) => isByTarget(host)).flatMap(machineLines),
    ...(asksVmssh(caller)
      ? [
          '# vmssh says which host key is the right one, for the machine that it has reached: docs/host-keys.md.',
          block(`${allPatterns('none')} ${allPatterns('machine')}`, { knownHosts: undefined }),
        ]
      : [
          '# These names are addresses: another machine may answer after each start, and nothing can sit in between.',
          block(allPatterns('none'), { knownHosts: undefined }),
          '# These are machines: the first key is accepted, a changed one is refused until "vmssh forget NAME".',
          block(allPatterns('machine'), { knownHosts }),
        ]),
    ...hosts.filter(({ host }) => !isByTarget(host)).flatMap(machineLines),
    ...(warnsOfKex ? [noKexWarning(hosts)] : []),
  ].join('\n');
}

// For addresses LogLevel hides it. Last, so that the user's own choice counts.
function noKexWarning(hosts: readonly ConcreteHost[]): string {
  const local = allKinds.filter(({ hostKey, network }) => hostKey === 'machine' && !network);
  const names = hosts
    .filter(({ options: { target } }) => target !== undefined && !kindOf(parseTarget(target)).network)
    .flatMap(({ host, names = [] }) => [host, ...names]);
  return [
    '# No network leads to these, so nobody can record a login to decrypt it later: ssh need not warn of that.',
    withLines([...local.flatMap(hostPatterns), ...names].join(' '), [['WarnWeakCrypto', 'no-pq-kex']]),
  ].join('\n');
}

/** A UUID is itself what the proxy is asked for: the name may be another machine's by now. A target has the patterns above. */
function proxyOfId(id: string, options: HostOptions): ReturnType<typeof hostOptions> {
  const target = options.target?.startsWith('hyper-v/') ? `hyper-v/${id}` : undefined;
  return hostOptions({ ...options, target }).filter(([keyword]) => keyword === 'ProxyCommand');
}

function withLines(host: string, settings: ReturnType<typeof hostOptions>): string {
  return `Host ${host}\n${settings.map(([keyword, value]) => `    ${keyword} ${value}\n`).join('')}`;
}

type Settings = 'program' | 'platform' | 'asksForKeys' | 'user' | 'knownHosts' | 'onlyKnown' | 'identityFile';

interface HostLinesOptions extends Pick<HostOptions, Settings> {
  readonly name: string;
  readonly target: string;
  readonly port: number;
  /** The machine's name in known_hosts; undefined: `name`, so that a new address does not matter. */
  readonly hostKeyAlias?: string;
  /** Keywords and arguments about the user's own login keys. */
  readonly keys?: readonly (readonly [string, string])[];
}

/** Lines for a machine. No HostName, which ssh lower-cases, and no Port, which ends at 65535. Throws a RangeError. */
export function hostLines({ name, hostKeyAlias = name, keys = [], ...options }: HostLinesOptions): string {
  return withLines(name, [...hostOptions({ ...options, fdpass: false, hostKeyAlias }), ...keys]);
}

/** A name for a machine: the typed text, without characters that are special in a Host line. */
export function hostName(text: string): string {
  return `${slug(text) || 'guest'}-vsock`;
}
