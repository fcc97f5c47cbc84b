import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readBytes, readText } from '../files/read-file.js';
import {
  folded,
  isFor,
  linesOf,
  matchesPattern,
  nameBytes,
  parseLine,
  plainName,
} from '../identity/known-hosts.js';
import type { HostKeyPolicy } from '../identity/policy.js';
import { systemProgram } from '../process/program-in-path.js';
import { ownAddresses } from '../sources/tools/guest-addresses.js';
import { anyIpv4, isLoopback, plainIp } from '../target/ip.js';
import { ownerOf } from './config/file.js';
import { moreNames, type NameCheck } from './config/names.js';
import { expandedPath, filesOf, includedTexts, settingsOf } from './config/settings.js';
import { type HostEntry, readState, stateFile } from './config/state.js';
import { sshFolder } from './folder.js';

/** What decides whose a name is; the folders are parameters for tests. */
export interface NameSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Machines that have Hosts, else those of the last `config install`: options that the user added for one do not make its name his. */
  readonly ours?: readonly HostEntry[];
  /** Whether a Host of the user whose proxy is vmssh counts: it is no other host, but it has the name. */
  readonly countsVmssh?: boolean;
  /** The user's main configuration, if it was read already. */
  readonly main?: string;
  /** The folder of the user's ssh files. */
  readonly folder?: string;
  /** "/etc/ssh", or that of Windows. */
  readonly systemFolder?: string;
  /** This host's names, and its /etc/hosts. */
  readonly host?: { readonly name: string; readonly hosts: string };
  /** The proc file system, "/proc". */
  readonly procDir?: string;
}

/**
 * The names that mean something to the user already, so that no machine, whose name others chose, may take them: hosts of his and the
 * system's known_hosts and ssh_config, and this host. Files are read once; ones that cannot be read have no names, as for ssh.
 */
export async function usersNames(sources: NameSources): Promise<NameCheck> {
  const { env, platform } = sources;
  const folders = foldersOf(sources);
  const texts = await usersTexts({ ...sources, ...folders });
  const files = await knownHostsFiles(texts, folders, env);
  const domains = canonicalDomains(texts);
  const ours = sources.ours ?? (await readState(stateFile(env, platform)))?.machines ?? [];
  const isConfigured = configuredNames(texts, ours, sources);
  const isKnown = knownNames(await Promise.all(files.map(bytesAt)), portsIn(texts));
  const isHere = await thisHost(sources);
  const answers = new Map<string, string | undefined>();
  return (typed) => {
    const name = typed.toLowerCase();
    if (!answers.has(name)) {
      const spellings = [name, ...domains.map((domain) => `${name}.${domain}`)];
      const [why] = spellings.flatMap((each) => isHere(each) ?? isConfigured(each) ?? isKnown(each) ?? []);
      answers.set(name, why);
    }
    return answers.get(name);
  };
}

/** The ssh_config of the user and the system, each with what it includes, without lines of vmssh. */
export async function usersTexts(
  sources: Pick<NameSources, 'env' | 'platform' | 'main' | 'folder' | 'systemFolder'>,
): Promise<readonly string[]> {
  const { env } = sources;
  const { folder, systemFolder } = foldersOf(sources);
  const own = join(folder, 'vmssh.conf');
  const [main, system] = await Promise.all([
    sources.main ?? textAt(join(folder, 'config')),
    textAt(join(systemFolder, 'ssh_config')),
  ]);
  const included = await Promise.all([
    includedTexts(main, folder, own, env),
    includedTexts(system, systemFolder, own, env),
  ]);
  // Lines that vmssh wrote for all users are patterns, or machines.
  return [main, ...(included[0] ?? []), system, ...(included[1] ?? [])].filter((text) => isUsers(text));
}

/** What the user has set in those texts that our Hosts, which come first, must not displace. */
export interface UsersSettings {
  /** By StrictHostKeyChecking for any host. */
  readonly hostKeys?: HostKeyPolicy;
  /** Whether ServerAliveInterval is set for any. */
  readonly keepsAlive: boolean;
}

export function usersSettings(texts: readonly string[]): UsersSettings {
  let policy: HostKeyPolicy | undefined;
  let keepsAlive = false;
  for (const text of texts) {
    let isForAny = true;
    for (const { keyword, args } of settingsOf(text)) {
      const [value = ''] = args.map((each) => each.toLowerCase());
      if (keyword === 'host') isForAny = args.includes('*');
      if (keyword === 'match') isForAny = value === 'all';
      if (/^serveralive(interval|countmax)$/.test(keyword)) keepsAlive = true;
      if (keyword === 'stricthostkeychecking' && isForAny) policy ??= policies[value];
    }
  }
  return { hostKeys: policy, keepsAlive };
}

/** By the value of StrictHostKeyChecking. A user's `no` was meant for other hosts. */
const policies: Readonly<Record<string, HostKeyPolicy>> = {
  yes: 'strict',
  true: 'strict',
  ask: 'ask',
  'accept-new': 'accept-new',
  no: 'accept-new',
  off: 'accept-new',
  false: 'accept-new',
};

/** What ssh appends to a short name before it looks for it in its files (CanonicalizeHostname in ssh_config(5)). */
function canonicalDomains(texts: readonly string[]): readonly string[] {
  const settings = texts.flatMap(settingsOf);
  const isOn = settings.some(
    ({ keyword, args: [value = ''] }) => keyword === 'canonicalizehostname' && !/^(no|false)$/i.test(value),
  );
  const named = settings.flatMap(({ keyword, args }) => (keyword === 'canonicaldomains' ? args : []));
  return isOn ? [...new Set(named.map((each) => each.toLowerCase()))] : [];
}

type Folders = Required<Pick<NameSources, 'folder' | 'systemFolder'>>;

function foldersOf(sources: Pick<NameSources, 'env' | 'platform' | keyof Folders>): Folders {
  const { env, platform, folder = sshFolder(env, platform) } = sources;
  const ofSystem = platform === 'win32' ? join(env.ProgramData || 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  return { folder, systemFolder: sources.systemFolder ?? ofSystem };
}

function isUsers(text: string): boolean {
  const owner = ownerOf(text);
  return owner !== 'ours' && owner !== 'edited';
}

/** A Host or Match line with what is below it. */
interface Block {
  readonly patterns: readonly string[];
  /** Whether it says where the host is, and not only how to log in. */
  leads: boolean;
  /** Whether vmssh is its proxy. */
  isVmssh: boolean;
}

function configuredNames(
  texts: readonly string[],
  ours: readonly HostEntry[],
  { countsVmssh = false }: NameSources,
): NameCheck {
  const names = moreNames(ours, () => undefined);
  const own = new Set(
    ours.flatMap((entry) => [entry.host, ...(names.get(entry) ?? [])]).map((name) => name.toLowerCase()),
  );
  const exact = new Set<string>();
  const wide: Block[] = [];
  for (const block of texts.flatMap(blocksOf)) {
    if (block.patterns.some((each) => isWide(each)) && block.leads && !block.isVmssh) wide.push(block);
    if (block.isVmssh && !countsVmssh) continue;
    for (const name of block.patterns)
      if (!/^!|[*?]/.test(name) && (block.leads || !own.has(name))) exact.add(name);
  }
  const isWithin = ({ patterns }: Block, name: string) =>
    !patterns.some((each) => each.startsWith('!') && matchesPattern(name, each.slice(1))) &&
    patterns.some((each) => isWide(each) && matchesPattern(name, each));
  return (name) =>
    exact.has(name) || wide.some((block) => isWithin(block, name))
      ? 'the name is already in your ssh configuration'
      : undefined;
}

/** Of a pattern such as "web-*"; "*" alone is for every name. */
function isWide(pattern: string): boolean {
  return /[*?]/.test(pattern) && /[^*?.!]/.test(pattern) && !pattern.startsWith('!');
}

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  for (const { keyword, args } of settingsOf(text)) {
    const block = blocks.at(-1);
    if (keyword === 'host' || keyword === 'match') {
      const patterns = keyword === 'host' ? args : matchedHosts(args);
      blocks.push({ patterns: patterns.map((each) => each.toLowerCase()), leads: false, isVmssh: false });
    } else if (block && leading.has(keyword) && args[0]?.toLowerCase() !== 'none') {
      block.leads = true;
      if (keyword === 'proxycommand' && /\bvmssh\b.* proxy /.test(`${args.join(' ')} `)) block.isVmssh = true;
    }
  }
  return blocks;
}

const leading: ReadonlySet<string> = new Set(['hostname', 'proxycommand', 'proxyjump']);

// "host web" or "host=web".
function matchedHosts(args: readonly string[]): readonly string[] {
  const words = args.flatMap((word) => word.split('='));
  return words.flatMap((word, at) =>
    /^(originalhost|host)$/i.test(word) ? (words[at + 1]?.split(',') ?? []) : [],
  );
}

/** Those of ssh itself, and those that the configuration names; not ours. */
async function knownHostsFiles(
  texts: readonly string[],
  { folder, systemFolder }: Folders,
  env: NameSources['env'],
): Promise<readonly string[]> {
  const paths = texts
    .flatMap(settingsOf)
    .flatMap(({ keyword, args }) => (/^(user|global)knownhostsfile$/.test(keyword) ? args : []))
    .map((path) => expandedPath(path, folder, env))
    .filter((path) => /^([/\\]|[A-Za-z]:)/.test(path) && path !== '/dev/null');
  const named = (await Promise.all(paths.map((path) => filesOf(path, folder)))).flat();
  const standard = [
    ...['known_hosts', 'known_hosts2'].map((name) => join(folder, name)),
    ...['ssh_known_hosts', 'ssh_known_hosts2'].map((name) => join(systemFolder, name)),
  ];
  return [...new Set([...standard, ...named])].filter((path) => path !== join(folder, 'vmssh_known_hosts'));
}

/** With which a host may be in known_hosts, hashed as "[host]:port": those of the configuration. */
function portsIn(texts: readonly string[]): readonly string[] {
  const configured = texts.flatMap(settingsOf).flatMap(({ keyword, args: [value = ''] }) => {
    if (keyword === 'port') return [value];
    return keyword === 'proxyjump' ? value.split(',').map((hop) => hop.replace(/^.*:/, '')) : [];
  });
  return [...new Set(configured)].filter((port) => /^\d{1,5}$/.test(port));
}

function knownNames(files: readonly Buffer[], ports: readonly string[]): NameCheck {
  const exact = new Set<string>();
  const wide: string[] = [];
  const hashes: { readonly salt: Buffer; readonly hash: string }[] = [];
  for (const line of files.flatMap(linesOf)) {
    const { marker, hosts = '' } = parseLine(line) ?? {};
    if (marker === '@revoked') continue;
    const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(hosts) ?? [];
    if (salt !== undefined && hash !== undefined) hashes.push({ salt: Buffer.from(salt, 'base64'), hash });
    else {
      const names = hosts.split(',').map(plainName);
      for (const name of names) if (!/^!|[*?]/.test(name)) exact.add(name);
      if (names.some(isWide))
        wide.push(names.filter((each) => each.startsWith('!') || isWide(each)).join(','));
    }
  }
  const isHashed = (name: string) => {
    const spellings = [name, ...ports.map((port) => `[${name}]:${port}`)].map((each) =>
      Buffer.from(each, 'latin1'),
    );
    return hashes.some(({ salt, hash }) =>
      spellings.some((each) => createHmac('sha1', salt).update(each).digest('base64') === hash),
    );
  };
  return (typed) => {
    const name = nameBytes(typed);
    return exact.has(name) || wide.some((hosts) => isFor(name, hosts)) || isHashed(name)
      ? 'the name is already in known_hosts'
      : undefined;
  };
}

/** This host's own names, and those of its loopback or of one of its addresses. */
async function thisHost({ platform, env, host, procDir }: NameSources): Promise<NameCheck> {
  const hostsFile = platform === 'win32' ? systemProgram('drivers/etc/hosts', env) : '/etc/hosts';
  const { name: ownName, hosts } = host ?? { name: hostname(), hosts: await textAt(hostsFile) };
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
    if (isIP(name) !== 0 || (ip !== undefined && name.includes('.'))) return 'the name is an IP address';
    const isHere = ip !== undefined && (ip === '0.0.0.0' || isLoopback(ip) || addresses.has(ip));
    return isHere || own.has(name) || name.endsWith('.localhost') ? "the name is this host's own" : undefined;
  };
}

const loopbackNames = ['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'];

function textAt(path: string): Promise<string> {
  return readText(path).catch(() => '');
}

function bytesAt(path: string): Promise<Buffer> {
  return readBytes(path).catch(() => Buffer.alloc(0));
}
