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
import { setAside, shellOf } from '../../typed/shell.js';
import { finding, fixed, type HostCheck, type Said, said } from './finding.js';

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
  const what = { found, report: 'HOME is not the home directory that ssh uses' };
  return [finding('home', 'bad', what, fix)];
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
    return [finding(name, 'bad', found, install)];
  }
  if (/ host-key /.test(keyCommand ?? '')) return [finding(name, 'ok', 'ssh asks vmssh for them')];
  const another = said`ssh asks another KnownHostsCommand, which stands above ours, so machines are refused: ${keyCommand ?? 'none'}`;
  return [finding(name, 'bad', another, `put ours above it: ${install}`)];
}

function leastPolicy({ least }: ConfigFacts): readonly HostCheck[] {
  if (least === undefined) return [];
  return [finding('host keys', 'ok', `at least ${least} for all users, as ${systemPolicyFile} says`)];
}

function knownKeys({ keys, displaced = [] }: ConfigFacts): readonly HostCheck[] {
  if (keys)
    return [finding('known keys', 'bad', { found: keys.problem, report: 'none of them counts' }, keys.fix)];
  if (displaced.length === 0) return [];
  return [finding('known keys', 'none', said`${displaced.join(' ')}: ${fixed(onlyRevoked)}`)];
}

/** Who logs in at an address, and who says so. */
function login({ login }: SshFacts): readonly HostCheck[] {
  if (login === undefined) return [];
  const { user, path } = login;
  const who = { found: user, report: user === 'root' ? user : 'another user than root' };
  const report = path?.endsWith('systemd-ssh-proxy.conf') ? "systemd's file" : "ssh's configuration";
  const by = path === undefined ? said`as at every host` : said`as ${{ found: path, report }} says`;
  return [finding('login user', 'ok', said`at an address such as vsock/3: ${who}, ${by}`)];
}

function controlPath({ controlPath: path }: SshFacts): readonly HostCheck[] {
  if (path === undefined) return [];
  const what = { found: controlPathMessage(path), report: 'the name of a target breaks it' };
  return [finding('ControlPath', 'bad', what, controlPathFix)];
}

function lines(
  { owner, path, mainPath, pasted, callsThis, aside, typed, weakCrypto, asks }: ConfigFacts,
  { proxyCommand, proxyCommands, version, versions }: SshFacts,
): HostCheck {
  const name = 'config';
  const main = { found: mainPath, report: "ssh's own file" };
  const own = { found: path, report: 'its file' };
  const sshs = Object.entries({ 'this ssh': version, ...versions });
  const other = version === undefined ? undefined : unfit({ typed, weakCrypto, asks }, sshs);
  switch (owner) {
    case 'none':
      if (pasted && callsThis) return finding(name, 'ok', said`${main} has the lines, and calls this vmssh`);
      if (pasted) return finding(name, 'bad', said`${main} has the lines, and calls another vmssh`, remove);
      if (![proxyCommand, ...Object.values(proxyCommands ?? {})].some((each = '') => ours.test(each)))
        return finding(name, 'bad', 'vmssh is not in your ssh configuration', install);
      return finding(name, 'none', patternsOnly, install);
    case 'foreign':
    case 'edited':
      return finding(name, 'bad', said`${own} is not as vmssh wrote it`, aside);
    case 'ours':
      if (!callsThis) return finding(name, 'bad', said`${own} calls another vmssh`, install);
      return other
        ? finding(name, 'bad', said`${own} ${other}`, install)
        : finding(name, 'ok', said`${own} calls this vmssh`);
  }
}

const install = 'vmssh config install';
const remove = `remove them there, then run: ${install}`;
const patternsOnly = 'ssh has the patterns from another file; machines have no Host of their own';

/** Why lines that were written for other versions of ssh do not fit those that are here now. */
function unfit(
  { typed, weakCrypto, asks }: Pick<ConfigFacts, 'typed' | 'weakCrypto' | 'asks'>,
  sshs: readonly (readonly [path: string, version: string | undefined])[],
): Said | undefined {
  const without = (what: keyof ReturnType<typeof abilitiesOf>) =>
    sshs.find(([, version = '']) => !abilitiesOf(version)[what])?.[0];
  const words = [
    [asks === 'yes' && without('asksForKeys'), '8.5', 'KnownHostsCommand'],
    [weakCrypto && without('warnsOfKex'), '10.1', 'WarnWeakCrypto'],
    [typed && without('givesTyped'), '8.1', '%n'],
  ] as const;
  for (const [older, since, word] of words)
    if (older)
      return said`was written for ssh ${fixed(since)} or later; ${older} is older and ends at the ${fixed(word)} in it`;
  return typed === false && without('givesTyped') === undefined
    ? fixed('was written for an ssh before 8.1, and so capitals in a target are lost; this ssh is newer')
    : undefined;
}

function include({ owner, include: where, mainPath, pasted }: ConfigFacts): HostCheck {
  const name = 'Include';
  if (owner === 'none' && pasted) return finding(name, 'none', 'not needed, the lines are there already');
  if (owner === 'none') return finding(name, 'none', 'nothing to include yet');
  if (where === 'first') return finding(name, 'ok', said`${mainPath} includes it above the first Host`);
  if (where === 'late')
    return finding(name, 'bad', 'it is below a Host or Match, and so applies only to that', install);
  return finding(name, 'bad', said`${mainPath} does not include it`, install);
}

// What counts is the first ProxyCommand that ssh reads.
function effective(
  { owner, elsewhere }: ConfigFacts,
  { version, refusal, proxyCommand, proxyCommands = { 'vsock/*': proxyCommand } }: SshFacts,
): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return finding(name, 'none', 'no ssh to ask');
  if (refusal !== undefined)
    return finding(name, 'bad', said`ssh accepts none of its configuration: ${refusal}`, refusalFix(refusal));
  if (proxyCommand === undefined) {
    const fix = elsewhere ? undefined : install;
    return finding(name, owner === 'none' ? 'none' : 'bad', 'ssh has no ProxyCommand for it', fix);
  }
  const tooOld = 'this ssh is older than 8.1 and ends at the %n in the lines';
  if (proxyCommand.includes('%n') && !abilitiesOf(version).givesTyped)
    return finding(name, 'bad', tooOld, `write them for this ssh: ${install}`);
  const served = servedBy(proxyCommands);
  if (served === undefined) return finding(name, 'ok', 'ssh runs vmssh');
  const found = ours.test(proxyCommand) ? served : `${served}: ${proxyCommand}`;
  return finding(name, 'none', { found, report: served }, `put ours above it: ${install}`);
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

/** The clients that were used here. */
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
        ? finding(name, 'ok', 'it lists the Hosts of machines; targets such as vsock/3 are typed')
        : finding(
            name,
            'none',
            'it lists only Hosts of a file that is included above the first Host',
            install,
          ),
    VSCodium: (name) =>
      isRead
        ? finding(name, 'ok', 'Open Remote - SSH lists the Hosts of machines, and the proxy relays for it')
        : finding(name, 'none', 'Open Remote - SSH lists only Hosts of a file that is included', install),
    JetBrains: (name) =>
      finding(name, 'none', 'up to 2022.1 its own parser reads no Include; later versions ask ssh -G'),
  };
  return clients.map((name) => judged[name](name));
}
