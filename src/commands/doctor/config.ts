import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readText } from '../../files/read-file.js';
import { groupBy } from '../../group-by.js';
import { configFiles, readElsewhere, spellings } from '../../hosts/places.js';
import { type Pin, pinsIn } from '../../identity/pins.js';
import type { HostKeyPolicy } from '../../identity/policy.js';
import { hostPatterns, type Kind } from '../../kinds/kind.js';
import { asTarget, kinds } from '../../kinds/kinds.js';
import type { Here, Io } from '../../process/io.js';
import { abilitiesOf, everySshAbilities, refusalFix } from '../../process/ssh-program.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { type ConfigOwner, hasInclude, ownerOf } from '../../ssh/config/file.js';
import { asksVmssh } from '../../ssh/config/host-options.js';
import { writtenHosts } from '../../ssh/config/names.js';
import { blocksOf } from '../../ssh/config/settings.js';
import { knownHostsNamedIn, onlyRevoked, usersTexts } from '../../ssh/config/users-files.js';
import { proxyWord } from '../../ssh/config/word.js';
import { controlPathFix, controlPathMessage } from '../../ssh/control-path.js';
import { knownHostsFile, sshFolder } from '../../ssh/folder.js';
import { ownPins } from '../../ssh/machine-keys.js';
import { systemPolicy, systemPolicyFile } from '../../ssh/policy/system-policy.js';
import { setAside, shellOf } from '../../target/shell.js';
import { type HostCheck, plain, withReport } from './check.js';

export interface SshFacts {
  /** What `ssh -V` says; undefined: there is no ssh. */
  readonly version: string | undefined;
  /** What ssh says instead of its settings, if it does not accept its configuration. */
  readonly refusal?: string | undefined;
  /** The version of each ssh that may read the lines, by its path. */
  readonly versions?: Readonly<Record<string, string | undefined>>;
  /** The ProxyCommand that ssh uses for vsock/3. */
  readonly proxyCommand: string | undefined;
  /** The same for the first pattern of each kind. */
  readonly proxyCommands?: Readonly<Record<string, string | undefined>>;
  /** A ControlPath that a "/" in a target's name breaks. */
  readonly controlPath?: string;
  /** The KnownHostsCommand that ssh uses for vsock/3. */
  readonly keyCommand?: string;
  /** The user that ssh takes for vsock/3, and the file that says so; without a file: as for every host. */
  readonly login?: { readonly user: string; readonly path?: string };
}

export interface ConfigFacts {
  readonly path: string;
  readonly owner: ConfigOwner;
  readonly mainPath: string;
  /** Whether the main file includes ours: above the first Host, below it, or not at all. */
  readonly include: 'first' | 'late' | 'none';
  /** Whether the main file itself has our lines, pasted from config print. */
  readonly pasted: boolean;
  /** How to set a file aside that vmssh did not write: a line for the user's shell. */
  readonly aside: string;
  readonly callsThis: boolean;
  /** Whether the lines give the proxy the host as it was typed, which ssh 8.1 and later knows. */
  readonly typed?: boolean;
  /** Whether the lines have WarnWeakCrypto, which ssh 10.1 and later knows. */
  readonly weakCrypto?: boolean;
  /** Whether the lines have ssh ask vmssh for host keys, or could for each ssh that is here. */
  readonly asks?: 'yes' | 'could';
  readonly passes?: boolean;
  /** What the system says of unknown host keys. */
  readonly least?: HostKeyPolicy | undefined;
  /** Why none of the known keys counts. */
  readonly keys?: { readonly problem: string; readonly fix: string } | undefined;
  /** The pins that were accepted over a year ago. */
  readonly old?: readonly Pin[];
  /** The known_hosts files of the user's own Hosts for machines. */
  readonly displaced?: readonly string[];
  /** Which ssh reads the files of another home, and what to do about it. */
  readonly elsewhere?: Awaited<ReturnType<typeof readElsewhere>>;
}

export async function gatherConfig(io: Io): Promise<ConfigFacts> {
  const files = configFiles({ system: false }, io);
  const { own: path, main: mainPath = '' } = files;
  const [own, main = ''] = await Promise.all([textOf(path), textOf(mainPath)]);
  const owner = ownerOf(own);
  const { program } = await callerForSsh(io);
  const pins = await ownPins(knownHostsFile(io.env));
  const texts = await usersTexts(io);
  const targets = texts.flatMap(blocksOf).flatMap(({ patterns }) => patterns.filter(asTarget));
  const hosts = [...(await writtenHosts(io)).map(({ host }) => host), ...targets];
  const lines = owner === 'none' ? proxyCommands(main) : own;
  return {
    path,
    owner,
    mainPath,
    include: includeOf(main, await spellings(files, main, io)),
    aside: setAside(path, 'vmssh config install', shellOf(io)),
    pasted: proxyCommands(main) !== '',
    callsThis: [io.self, program].some((words) =>
      words.every((word) => lines?.includes(proxyWord(word, io.platform))),
    ),
    typed: lines === undefined ? undefined : /\bproxy .*--typed ["']%n/.test(lines),
    weakCrypto: /^\s*WarnWeakCrypto /m.test(lines ?? ''),
    asks: await asksOf(lines, program, io),
    passes: /^\s*ProxyUseFdpass yes$/m.test(lines ?? ''),
    least: await systemPolicy(io.platform),
    ...(Buffer.isBuffer(pins) ? { old: pinsIn(pins).filter(isOld) } : { keys: pins }),
    displaced: [...new Set(hosts.flatMap(knownHostsNamedIn(texts)))],
    elsewhere: await readElsewhere(files, io),
  };
}

function isOld({ comment = '' }: Pin): boolean {
  const [year = '', ...rest] = new Date().toISOString().slice(0, 10).split('-');
  return /^\d{4}-\d\d-\d\d /.test(comment) && comment < [Number(year) - 1, ...rest].join('-');
}

async function asksOf(
  lines: string | undefined,
  program: readonly string[],
  io: Io,
): Promise<ConfigFacts['asks']> {
  if (/^\s*KnownHostsCommand .* host-key /m.test(lines ?? '')) return 'yes';
  const { asksForKeys } = await everySshAbilities(io);
  return asksVmssh({ asksForKeys, program, platform: io.platform }) ? 'could' : undefined;
}

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}

function proxyCommands(config: string): string {
  return linesOf(config, /^\s*ProxyCommand\b/i)
    .filter((line) => ours.test(line))
    .join('\n');
}

function includeOf(main: string, needed: Awaited<ReturnType<typeof spellings>>): ConfigFacts['include'] {
  if (hasInclude(main, needed)) return 'first';
  return hasInclude(linesOf(main, /^\s*include\b/i).join('\n'), needed) ? 'late' : 'none';
}

function linesOf(config: string, which: RegExp): readonly string[] {
  return config.split('\n').filter((line) => which.test(line));
}

export function configChecks(config: ConfigFacts, ssh: SshFacts): readonly HostCheck[] {
  return [
    ...home(config),
    lines(config, ssh),
    include(config),
    effective(config, ssh),
    ...hostKeys(config, ssh),
    ...leastPolicy(config),
    ...knownKeys(config),
    ...login(ssh),
    ...controlPath(ssh),
  ];
}

function home({ elsewhere }: ConfigFacts): readonly HostCheck[] {
  if (!elsewhere) return [];
  const { found, fix } = elsewhere;
  return [withReport('home', 'bad', found, 'HOME is not the home directory that ssh uses', fix)];
}

/** Whether ssh asks vmssh for host keys, where our lines say so. */
function hostKeys(
  { owner, asks }: ConfigFacts,
  { keyCommand, proxyCommand }: SshFacts,
): readonly HostCheck[] {
  const name = 'host keys';
  if (owner !== 'ours' || asks === undefined || !ours.test(proxyCommand ?? '')) return [];
  if (asks === 'could') {
    const found =
      'the lines are of an older vmssh, or for an older ssh: a key is only checked by the name that is typed';
    return [plain(name, 'bad', found, install)];
  }
  if (/ host-key /.test(keyCommand ?? '')) return [plain(name, 'ok', 'ssh asks vmssh for them')];
  const another = 'ssh asks another KnownHostsCommand, which stands above ours, so machines are refused';
  return [
    withReport(name, 'bad', `${another}: ${keyCommand ?? 'none'}`, another, `put ours above it: ${install}`),
  ];
}

function leastPolicy({ least }: ConfigFacts): readonly HostCheck[] {
  if (least === undefined) return [];
  return [plain('host keys', 'ok', `at least ${least} for all users, as ${systemPolicyFile} says`)];
}

function knownKeys({ keys, displaced = [] }: ConfigFacts): readonly HostCheck[] {
  if (keys) return [withReport('known keys', 'bad', keys.problem, 'none of them counts', keys.fix)];
  if (displaced.length === 0) return [];
  return [withReport('known keys', 'none', `${displaced.join(' ')}: ${onlyRevoked}`, onlyRevoked)];
}

/** Who logs in at an address, and who says so. */
function login({ login }: SshFacts): readonly HostCheck[] {
  if (login === undefined) return [];
  const { user, path } = login;
  const says = (who: string, file: string) =>
    `at an address such as vsock/3: ${who}, ${path === undefined ? 'as at every host' : `as ${file} says`}`;
  const file = path?.endsWith('systemd-ssh-proxy.conf') ? "systemd's file" : "ssh's configuration";
  const report = says(user === 'root' ? user : 'another user than root', file);
  return [withReport('login user', 'ok', says(user, path ?? ''), report)];
}

function controlPath({ controlPath: path }: SshFacts): readonly HostCheck[] {
  if (path === undefined) return [];
  const report = 'the name of a target breaks it';
  return [withReport('ControlPath', 'bad', controlPathMessage(path), report, controlPathFix)];
}

function lines(
  { owner, path, mainPath, pasted, callsThis, aside, typed, weakCrypto, asks }: ConfigFacts,
  { proxyCommand, proxyCommands, version, versions }: SshFacts,
): HostCheck {
  const name = 'config';
  // A report names no path.
  const file = (
    state: HostCheck['state'],
    [at, what]: readonly [string, string],
    says: string,
    fix?: string,
  ) => withReport(name, state, `${at} ${says}`, `${what} ${says}`, fix);
  const main = [mainPath, "ssh's own file"] as const;
  const own = [path, 'its file'] as const;
  const sshs = Object.entries({ 'this ssh': version, ...versions });
  const other = version === undefined ? undefined : unfit({ typed, weakCrypto, asks }, sshs);
  switch (owner) {
    case 'none':
      if (pasted && callsThis) return file('ok', main, 'has the lines, and calls this vmssh');
      if (pasted) return file('bad', main, 'has the lines, and calls another vmssh', remove);
      if (![proxyCommand, ...Object.values(proxyCommands ?? {})].some((each = '') => ours.test(each)))
        return plain(name, 'bad', 'vmssh is not in your ssh configuration', install);
      return plain(name, 'none', patternsOnly, install);
    case 'foreign':
    case 'edited':
      return withReport(name, 'bad', `${path} is not as vmssh wrote it`, `its file is ${owner}`, aside);
    case 'ours':
      if (callsThis && other === undefined) return file('ok', own, 'calls this vmssh');
      return file('bad', own, (callsThis && other) || 'calls another vmssh', install);
  }
}

const install = 'vmssh config install';
const remove = `remove them there, then run: ${install}`;
const patternsOnly = 'ssh has the patterns from another file; machines have no Host of their own';

/** Why lines that were written for other versions of ssh do not fit those that are here now. */
function unfit(
  { typed, weakCrypto, asks }: Pick<ConfigFacts, 'typed' | 'weakCrypto' | 'asks'>,
  sshs: readonly (readonly [path: string, version: string | undefined])[],
): string | undefined {
  const without = (what: keyof ReturnType<typeof abilitiesOf>) =>
    sshs.find(([, version = '']) => !abilitiesOf(version)[what])?.[0];
  const words = [
    [asks === 'yes' && without('asksForKeys'), '8.5', 'KnownHostsCommand'],
    [weakCrypto && without('warnsOfKex'), '10.1', 'WarnWeakCrypto'],
    [typed && without('givesTyped'), '8.1', '%n'],
  ] as const;
  for (const [older, since, word] of words)
    if (older)
      return `was written for ssh ${since} or later; ${older} is older and ends at the ${word} in it`;
  return typed === false && without('givesTyped') === undefined
    ? 'was written for an ssh before 8.1, and so capitals in a target are lost; this ssh is newer'
    : undefined;
}

function include({ owner, include: where, mainPath, pasted }: ConfigFacts): HostCheck {
  const name = 'Include';
  if (owner === 'none' && pasted) return plain(name, 'none', 'not needed, the lines are there already');
  if (owner === 'none') return plain(name, 'none', 'nothing to include yet');
  const first = 'it is included above the first Host';
  if (where === 'first') return withReport(name, 'ok', `${mainPath} includes it above the first Host`, first);
  if (where === 'late')
    return plain(name, 'bad', 'it is below a Host or Match, and so applies only to that', install);
  return withReport(name, 'bad', `${mainPath} does not include it`, 'it is not included', install);
}

// What counts is the first ProxyCommand that ssh reads.
function effective(
  { owner, elsewhere }: ConfigFacts,
  { version, refusal, proxyCommand, proxyCommands = { 'vsock/*': proxyCommand } }: SshFacts,
): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return plain(name, 'none', 'no ssh to ask');
  const refuses = 'ssh accepts none of its configuration';
  if (refusal !== undefined)
    return withReport(name, 'bad', `${refuses}: ${refusal}`, refuses, refusalFix(refusal));
  if (proxyCommand === undefined) {
    const fix = elsewhere ? undefined : install;
    return plain(name, owner === 'none' ? 'none' : 'bad', 'ssh has no ProxyCommand for it', fix);
  }
  const tooOld = 'this ssh is older than 8.1 and ends at the %n in the lines';
  if (proxyCommand.includes('%n') && !abilitiesOf(version).givesTyped)
    return plain(name, 'bad', tooOld, `write them for this ssh: ${install}`);
  const served = servedBy(proxyCommands);
  if (served === undefined) return plain(name, 'ok', 'ssh runs vmssh');
  const found = ours.test(proxyCommand) ? served : `${served}: ${proxyCommand}`;
  return withReport(name, 'none', found, served, `put ours above it: ${install}`);
}

/** The part after the program in each of our ProxyCommands. */
const ours = /\bproxy (--fdpass )?(--wait\S* )?(--record )?(--typed |["']%h["'])/;

/** The first Host pattern of each kind. */
export function firstPatterns(table: readonly Kind[] = kinds): readonly string[] {
  return table.flatMap((kind) => hostPatterns(kind).slice(0, 1));
}

/** "systemd-ssh-proxy serves unix/*; vmssh serves the others", by the ProxyCommand that ssh uses for each pattern. Undefined if vmssh serves all. */
function servedBy(commands: Readonly<Record<string, string | undefined>>): string | undefined {
  const served = groupBy(Object.entries(commands), ([, command]) => programOf(command));
  if ([...served.keys()].every((who) => who === own)) return undefined;
  const others = [...served].filter(([who]) => who !== own);
  const parts = others.map(([who, all]) => `${who} serves ${all.map(([pattern]) => pattern).join(', ')}`);
  return [...parts, ...(served.has(own) ? ['vmssh serves the others'] : [])].join('; ');
}

const own = 'vmssh';

function programOf(command: string | undefined): string {
  if (command === undefined) return 'no program';
  if (ours.test(command)) return own;
  return /(systemd|libvirt)-ssh-proxy/.exec(command)?.[0] ?? 'another program';
}

/** A program that reads ssh's configuration itself, and has left traces in the home. */
export type Client = keyof typeof traces;

const traces = {
  'VS Code': ['.vscode', '.vscode-server', '.cursor'],
  VSCodium: ['.vscode-oss', '.vscodium-server'],
  JetBrains: ['.config/JetBrains', '.cache/JetBrains', 'AppData/Roaming/JetBrains'],
} as const;

/** Those that were used here. */
export function clientsOf(
  { env, platform }: Here,
  exists: (path: string) => boolean = existsSync,
): readonly Client[] {
  const home = dirname(sshFolder(env, platform));
  return (Object.keys(traces) as Client[]).filter((name) =>
    traces[name].some((path) => exists(join(home, path))),
  );
}

/** What each does not read of our lines (docs/clients.md has the sources). */
export function clientChecks(
  clients: readonly Client[],
  { include, owner }: Pick<ConfigFacts, 'include' | 'owner'>,
): readonly HostCheck[] {
  const isRead = owner === 'ours' && include === 'first';
  const judged: Readonly<Record<Client, (name: Client) => HostCheck>> = {
    'VS Code': (name) =>
      isRead
        ? plain(name, 'ok', 'it lists the Hosts of machines; targets such as vsock/3 are typed')
        : plain(name, 'none', 'it lists only Hosts of a file that is included above the first Host', install),
    VSCodium: (name) =>
      isRead
        ? plain(name, 'ok', 'Open Remote - SSH lists the Hosts of machines, and the proxy relays for it')
        : plain(name, 'none', 'Open Remote - SSH lists only Hosts of a file that is included', install),
    JetBrains: (name) =>
      plain(name, 'none', 'up to 2022.1 its own parser reads no Include; later versions ask ssh -G'),
  };
  return clients.map((name) => judged[name](name));
}
