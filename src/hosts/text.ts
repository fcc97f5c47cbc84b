import { type GuestKeys, namesOfGuest, trustIn } from '../keys/guest-keys.js';
import { hostPatterns, type Kind } from '../kinds/kind.js';
import { keptTarget, kindOf, kinds } from '../kinds/kinds.js';
import {
  asksVmssh,
  type Caller,
  type HostOptions,
  type HostSettings,
  hostOptions,
  keyOptions,
  throwawayLines,
} from '../ssh/config/host-options.js';
import { slug } from '../typed/names.js';
import { isBareId } from '../typed/numbers.js';
import type { OwnOptions } from '../typed/proxy-args.js';

export interface ConfigTextOptions extends Caller, Pick<HostOptions, 'routes' | 'bring'> {
  /** The file for the keys of machines with an identity, in a form for ssh_config. */
  readonly knownHosts?: string;
  /** Names and patterns whose keys are new at each boot. */
  readonly throwaway?: readonly string[];
  /** Settings for every Host, above ours: ssh uses the first of each. */
  readonly settings?: readonly (readonly [keyword: string, value: string])[];
  /** A Host block for each, so that IDEs list them. */
  readonly hosts?: readonly ConcreteHost[];
  readonly start?: StartedHosts;
  readonly keepsAlive?: boolean;
  /** Machines whose host keys are known beforehand. */
  readonly guests?: readonly GuestKeys[];
  /** Names of kinds that another program serves on this host. */
  readonly servedElsewhere?: readonly string[];
  /** Whether that ssh warns of a key exchange that is not post-quantum (from 10.1), and so knows WarnWeakCrypto. */
  readonly warnsOfKex?: boolean;
}

export interface ConcreteHost {
  readonly host: string;
  /** More names for it, each exact. */
  readonly names?: readonly string[];
  readonly options: HostSettings;
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

/** The host patterns of all kinds. */
function patterns(servedElsewhere: readonly string[]): string {
  return allKinds
    .filter(({ name }) => !servedElsewhere.includes(name))
    .flatMap(hostPatterns)
    .join(' ');
}

/** The lines for an ssh_config, for a Unix ssh. Throws a RangeError if a path is not possible in such a file. */
export function configText(options: ConfigTextOptions): string {
  const { program, fdpass, platform, givesTyped, asksForKeys, refusesUsers, keysFile } = options;
  const caller = { program, fdpass, platform, givesTyped, asksForKeys, refusesUsers, keysFile };
  const { knownHosts = userKnownHosts, settings = [], guests = [] } = options;
  const hosts = (options.hosts ?? []).flatMap(withTargets);
  const { start, bring, routes, servedElsewhere = [], warnsOfKex = false, throwaway = [] } = options;
  const alive = options.keepsAlive ? [] : keepAlive;
  const block = (host: string, options: HostSettings) => {
    // The proxy is given %h, which a HostName of the user's for all hosts would change: "%h.example.com".
    const typed = options.target === undefined ? [['HostName', '%h'] as const] : [];
    return withLines(host, [...settings, ...typed, ...hostOptions({ ...options, ...caller }), ...alive]);
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
    ...(throwaway.length === 0
      ? []
      : [
          '# Their host keys are new at each boot, so ssh takes any: vmssh config install --throwaway.',
          withLines(throwaway.join(' '), throwawayLines(caller)),
        ]),
    ...guests.flatMap((guest) => {
      const names = namesOfGuest(guest);
      const about = `# ${guest.name}: "vmssh guest credentials" made its host key, and no other is accepted.`;
      return names.length === 0
        ? []
        : [about, withLines(names.join(' '), keyOptions({ ...trustIn(guest), ...caller }))];
    }),
    ...hosts.filter(({ host }) => isByTarget(host)).flatMap(machineLines),
    asksVmssh(caller)
      ? '# vmssh says which host key is right, or wrong, for the machine that it has reached; of all others ssh decides.'
      : '# ssh decides about a new host key, and refuses a changed one until "vmssh forget NAME".',
    block(patterns(servedElsewhere), { knownHosts }),
    ...hosts.filter(({ host }) => !isByTarget(host)).flatMap(machineLines),
    ...(warnsOfKex ? [noKexWarning(hosts)] : []),
  ].join('\n');
}

/** The targets of a machine into which an sshd is brought are a Host of their own, above the patterns: what those run brings none. */
function withTargets(host: ConcreteHost): readonly ConcreteHost[] {
  const { names = [], options } = host;
  const isTarget = (name: string) => /[/%]/.test(name);
  const [first, ...others] = options.bring ? names.filter(isTarget) : [];
  if (first === undefined) return [host];
  return [
    { ...host, host: first, names: others },
    { ...host, names: names.filter((name) => !isTarget(name)) },
  ];
}

// Last, so that the user's own choice counts.
function noKexWarning(hosts: readonly ConcreteHost[]): string {
  const local = allKinds.filter(({ rest, network }) => rest === 'name' && !network);
  const names = hosts
    .filter(({ options: { target } }) => target !== undefined && !kindOf(keptTarget(target)).network)
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

type Settings =
  | ('program' | 'platform' | 'asksForKeys' | 'keysFile')
  | ('user' | 'knownHosts' | 'onlyKnown' | 'identityFile');

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
  return withLines(name, [
    ...hostOptions({ ...options, fdpass: false, hostKeyAlias, lookedUp: name }),
    ...keys,
  ]);
}

/** A name for a machine: the typed text, without characters that are special in a Host line. */
export function hostName(text: string): string {
  return `${slug(text) || 'guest'}-vsock`;
}
