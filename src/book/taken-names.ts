import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { readBytes, readText } from '../files/read-file.js';
import { systemProgram } from '../process/program-in-path.js';
import { ownAddresses } from '../sources/tools/guest-addresses.js';
import {
  areFor,
  type Block,
  blocksOf,
  knownHostsKeywords,
  type SshSetting,
  settingsOf,
} from '../ssh/config/settings.js';
import { knownHostsFiles, type UsersFiles, usersTexts } from '../ssh/config/users-files.js';
import { folded, isFor, linesWithKey, nameBytes, plainName } from '../ssh/known-hosts.js';
import { anyIpv4, isLoopback, plainIp } from '../typed/names.js';
import { inConfig, inKnownHosts, inSettings, isAddress, moreNames, type NameCheck } from './names.js';
import { hasHost, type MachineRecord, writtenState } from './state.js';

interface NameSources extends UsersFiles {
  /** The machines that are kept, else those of the last `config install`: only lines that say where the host is make a name of theirs his. */
  readonly ours?: readonly MachineRecord[];
  /** Whether a Host of the user whose proxy is vmssh counts: it is no other host, but it has the name. */
  readonly countsVmssh?: boolean;
  /** This host's names, and its /etc/hosts. */
  readonly host?: { readonly name: string; readonly hosts: string };
  /** The proc file system, "/proc". */
  readonly procDir?: string;
}

/**
 * The names that no machine may take: this host's, and those in the user's and the system's known_hosts and ssh_config.
 * Files are read once; ones that cannot be read have no names, as for ssh.
 */
export async function usersNames(sources: NameSources): Promise<NameCheck> {
  const texts = await usersTexts(sources);
  const settings = texts.flatMap((text) => settingsOf(text));
  const files = await knownHostsFiles(settings, sources);
  const domains = canonicalDomains(settings);
  const isGiven = givenNames(sources.ours ?? (await writtenState(sources))?.machines);
  const isConfigured = configuredNames(texts, sources);
  const bytes = files.map((path) => readBytes(path).catch(() => Buffer.alloc(0)));
  const isKnown = knownNames(await Promise.all(bytes), portsIn(settings));
  const isHere = await thisHost(sources);
  const answers = new Map<string, string | undefined>();
  return (typed) => {
    const name = typed.toLowerCase();
    if (!answers.has(name)) {
      const isOurs = isGiven(name);
      const whole = isOurs ? [] : domains.map((domain) => `${name}.${domain}`);
      const why = isHere(name) ?? isConfigured([name, ...whole], isOurs);
      answers.set(name, why ?? (isOurs ? undefined : isKnown([name, ...whole])));
    }
    return answers.get(name);
  };
}

/** Which file has a CA for a name: ssh takes the keys that it signs, for a machine with that Host too. */
export async function authorityFiles(
  names: readonly string[],
  sources: UsersFiles,
): Promise<readonly string[]> {
  const settings = (await usersTexts(sources)).flatMap((text) => settingsOf(text, knownHostsKeywords));
  const files = await knownHostsFiles(settings, sources);
  const words = files.map(async (path) => {
    const bytes = await readBytes(path).catch(() => Buffer.alloc(0));
    const lines = bytes.toString('latin1').includes('@cert-authority') ? linesWithKey(bytes) : [];
    const all = lines.flatMap(({ marker, hosts }) => (marker === '@cert-authority' ? [hosts] : []));
    return names
      .filter((name) => all.some((hosts) => isFor(nameBytes(name), hosts)))
      .map((name) => `${path} has a CA for ${name}: its certificates count for Host ${name} too`);
  });
  return (await Promise.all(words)).flat();
}

/** Whether the user has settings of a silent connection in those texts, which our Hosts, which come first, must not displace. */
export function keepsAlive(texts: readonly string[]): boolean {
  return texts.some((text) => settingsOf(text, ['serveraliveinterval', 'serveralivecountmax']).length > 0);
}

/** What ssh appends to a short name before it looks for it in its files (CanonicalizeHostname in ssh_config(5)). */
function canonicalDomains(settings: readonly SshSetting[]): readonly string[] {
  const isOn = settings.some(
    ({ keyword, args: [value = ''] }) => keyword === 'canonicalizehostname' && !/^(no|false)$/i.test(value),
  );
  const named = settings.flatMap(({ keyword, args }) => (keyword === 'canonicaldomains' ? args : []));
  return isOn ? [...new Set(named.map((each) => each.toLowerCase()))] : [];
}

/** The first of the names is as it is typed; the others are in a domain, whose patterns and their settings are for hosts of a network. */
type IsConfigured = (names: readonly string[], isOurs: boolean) => string | undefined;

function configuredNames(texts: readonly string[], { countsVmssh = false }: NameSources): IsConfigured {
  const [led, set] = [new Set<string>(), new Set<string>()];
  const wide: Block[] = [];
  for (const block of texts.flatMap(blocksOf)) {
    if (block.patterns.some((each) => isWide(each)) && block.leads && !block.isVmssh) wide.push(block);
    if (block.isVmssh && !countsVmssh) continue;
    for (const name of block.patterns) if (!/^!|[*?]/.test(name)) (block.leads ? led : set).add(name);
  }
  return (names, isOurs) => {
    const [name = ''] = names;
    if (names.some((name) => led.has(name))) return inConfig;
    if (isOurs) return undefined;
    // A pattern such as systemd's "machine/*" is for the same machines: no host of a network has a slash.
    if (!name.includes('/') && wide.some(({ patterns }) => areFor(patterns, name))) return inConfig;
    return names.some((name) => set.has(name)) ? inSettings : undefined;
  };
}

/** What vmssh has given, or the user has: the Hosts of machines, and what else is typed for them. In lower case. */
function givenNames(records: readonly MachineRecord[] = []) {
  const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
  const entries = records.filter(hasHost);
  const takes = records.filter(({ login }) => login).flatMap(({ login }) => login?.takes ?? []);
  const first = lower([...takes, ...entries.map(({ host }) => host)]);
  // Most names are a Host, and what else is typed for thousands takes a while to find.
  let more: ReadonlySet<string> | undefined;
  return (name: string): boolean => {
    if (first.has(name)) return true;
    more ??= lower([...moreNames(entries, () => undefined).values()].flat());
    return more.has(name);
  };
}

/** Of a pattern such as "web-*"; "*" alone is for every name. */
function isWide(pattern: string): boolean {
  return /[*?]/.test(pattern) && /[^*?.!]/.test(pattern) && !pattern.startsWith('!');
}

/** With which a host may be in known_hosts, hashed as "[host]:port": those of the configuration. */
function portsIn(settings: readonly SshSetting[]): readonly string[] {
  const configured = settings.flatMap(({ keyword, args: [value = ''] }) => {
    if (keyword === 'port') return [value];
    return keyword === 'proxyjump' ? value.split(',').map((hop) => hop.replace(/^.*:/, '')) : [];
  });
  return [...new Set(configured)].filter((port) => /^\d{1,5}$/.test(port));
}

/** Where people put an sshd beside port 22, and servers of Git have theirs. Of another port a hash does not say whose it is. */
const usualPorts = '222 443 1022 2022 2200 2222 2223 7999 8022 10022 22222 29418'.split(' ');

/** After so many, a second of work, names are looked for only with the ports of the configuration. */
const maxHashes = 200_000;

function knownNames(files: readonly Buffer[], ports: readonly string[]) {
  const exact = new Set<string>();
  const wide: string[] = [];
  const hashed: string[] = [];
  for (const { marker, hosts } of files.flatMap(linesWithKey)) {
    // A CA's line takes no name away: it says of any host who signs its key.
    if (marker !== undefined) continue;
    if (hosts.startsWith('|')) hashed.push(hosts);
    const names = hosts.split(',').map(plainName);
    for (const name of names) if (!/^!|[*?]/.test(name)) exact.add(name);
    if (names.some(isWide)) wide.push(names.filter((name) => name.startsWith('!') || isWide(name)).join(','));
  }
  let left = maxHashes;
  return (texts: readonly string[]) => {
    const names = texts.map(nameBytes);
    const tried = left > 0 ? [...new Set([...ports, ...usualPorts])] : ports;
    left -= names.length * tried.length * hashed.length;
    const spellings = names.flatMap((name) => [name, ...tried.map((port) => `[${name}]:${port}`)]);
    const isTaken =
      names.some((name) => exact.has(name)) ||
      wide.some((hosts) => isFor(names[0] ?? '', hosts)) ||
      hashed.some((hosts) => spellings.some((each) => isFor(each, hosts)));
    return isTaken ? inKnownHosts : undefined;
  };
}

/** This host's own names, and those of its loopback or of one of its addresses. */
async function thisHost({ platform, env, host, procDir }: NameSources): Promise<NameCheck> {
  const hostsFile = platform === 'win32' ? systemProgram('drivers/etc/hosts', env) : '/etc/hosts';
  const { name: ownName, hosts } = host ?? {
    name: hostname(),
    hosts: await readText(hostsFile).catch(() => ''),
  };
  const lower = folded(ownName);
  const [short = ''] = lower.split('.');
  const addresses = new Set((await ownAddresses({ env, platform, procDir })).map(plainIp));
  const names = hosts.split('\n').flatMap((line) => {
    const [address = '', ...others] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    return isLoopback(address) || addresses.has(plainIp(address)) ? others.map(folded) : [];
  });
  const own = new Set(
    [lower, short, `${short}.local`, ...names, ...loopbackNames].filter((each) => each !== ''),
  );
  return (name) => {
    const ip = anyIpv4(name);
    if (isIP(name) !== 0 || (ip !== undefined && name.includes('.'))) return isAddress;
    const isHere = ip !== undefined && (ip === '0.0.0.0' || isLoopback(ip) || addresses.has(ip));
    return isHere || own.has(name) || name.endsWith('.localhost') ? "the name is this host's own" : undefined;
  };
}

const loopbackNames = ['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'];
