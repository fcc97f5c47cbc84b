import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Env } from '../../base/runtime.js';
import { readText } from '../../files/read-file.js';
import type { SshSaid } from '../../process/ssh-log.js';
import { type Shell, shellQuoted } from '../../typed/shell.js';
import { sshFolder } from '../folder.js';
import { ownerOf } from './file.js';
import {
  areFor,
  blocksOf,
  expandedPath,
  filesOf,
  includedTexts,
  knownHostsKeywords,
  type SshSetting,
  settingsOf,
} from './settings.js';

/** Whose files; the folders are parameters for tests. */
export interface UsersFiles {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  /** The user's main configuration, if it was read already. */
  readonly main?: string;
  readonly folder?: string;
  /** "/etc/ssh", or that of Windows. */
  readonly systemFolder?: string;
}

/** The ssh_config of the user and the system, each with what it includes, without lines of vmssh. */
export async function usersTexts(sources: UsersFiles): Promise<readonly string[]> {
  const { env, main } = sources;
  const { folder, systemFolder } = foldersOf(sources);
  const withIncluded = async (path: string, base: string, read?: string) => {
    const text = read ?? (await readText(path).catch(() => ''));
    return [text, ...(await includedTexts(text, base, join(folder, 'vmssh.conf'), env))];
  };
  const texts = await Promise.all([
    withIncluded(join(folder, 'config'), folder, main),
    withIncluded(join(systemFolder, 'ssh_config'), systemFolder),
  ]);
  // Lines that vmssh wrote for all users are patterns, or machines.
  return texts.flat().filter((text) => !['ours', 'edited'].includes(ownerOf(text)));
}

export function foldersOf(sources: UsersFiles): Required<Pick<UsersFiles, 'folder' | 'systemFolder'>> {
  const { env, platform, folder = sshFolder(env, platform) } = sources;
  const ofSystem = platform === 'win32' ? join(env.ProgramData || 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  return { folder, systemFolder: sources.systemFolder ?? ofSystem };
}

/** The known_hosts files that any Host or Match names, and the lists of RevokedHostKeys: one file too many takes no key that is right. */
export async function filesOfRevoked(sources: UsersFiles) {
  const all = [...knownHostsKeywords, 'revokedhostkeys'];
  const settings = (await usersTexts(sources)).flatMap((text) => settingsOf(text, all));
  const lists = await filesNamed(['revokedhostkeys'], settings, sources);
  return { knownHosts: await knownHostsFiles(settings, sources), lists };
}

/** The files of ssh itself, and those that the configuration names; not ours. */
export async function knownHostsFiles(settings: readonly SshSetting[], sources: UsersFiles) {
  const { folder, systemFolder } = foldersOf(sources);
  const own = ['known_hosts', 'known_hosts2'].map((name) => join(folder, name));
  const ofSystem = ['ssh_known_hosts', 'ssh_known_hosts2'].map((name) => join(systemFolder, name));
  const named = await filesNamed(knownHostsKeywords, settings, sources);
  const all = new Set([...own, ...ofSystem, ...named]);
  return [...all].filter((path) => !path.startsWith(join(folder, 'vmssh_known_hosts')));
}

/** What is said of a known_hosts file of the user's own Host for a machine. */
export const onlyRevoked =
  "a Host of yours names it, but vmssh's lines displace it: only @revoked and @cert-authority count there";

/** The known_hosts files that those texts name for this host, and not for every one. */
export function knownHostsNamedIn(texts: readonly string[]): (host: string) => readonly string[] {
  const blocks = texts.flatMap(blocksOf).filter((block) => block.knownHosts.length > 0);
  return (host) =>
    blocks.flatMap(({ patterns, knownHosts }) => (areFor(patterns, host.toLowerCase()) ? knownHosts : []));
}

async function filesNamed(keywords: readonly string[], settings: readonly SshSetting[], sources: UsersFiles) {
  const { folder } = foldersOf(sources);
  const paths = settings
    .flatMap(({ keyword, args }) => (keywords.includes(keyword) ? args : []))
    .map((path) => expandedPath(path, folder, sources.env))
    .filter((path) => /^([/\\]|[A-Za-z]:)/.test(path) && path !== '/dev/null');
  return (await Promise.all(paths.map((path) => filesOf(path, folder)))).flat();
}

/** Where ssh found the value of a keyword, "FILE line N": the first line in the blocks that it read, in its order. A Match may have counted. */
export async function whereSet(keyword: string, { blocks }: SshSaid): Promise<string | undefined> {
  const files = new Map<string, readonly (string | undefined)[]>();
  for (const { path } of blocks) {
    const lines = (await readText(path).catch(() => '')).split('\n');
    files.set(path, files.get(path) ?? lines.map((line) => settingsOf(line)[0]?.keyword));
  }
  const matches = [...files].flatMap(([path, keywords]) =>
    keywords.flatMap((each, at) => (each === 'match' ? [{ path, line: at + 1 }] : [])),
  );
  const find = (starts: SshSaid['blocks'], ends: readonly string[]) => {
    for (const { path, line } of starts) {
      const keywords = files.get(path) ?? [];
      const at = keywords.findIndex((each = '', at) => at >= line && [keyword, ...ends].includes(each));
      if (keywords[at] === keyword) return `${path} line ${at + 1}`;
    }
    return undefined;
  };
  // What an Include brings counts before what is below it.
  return find(blocks, ['host', 'match', 'include']) ?? find([...blocks, ...matches], ['host', 'match']);
}

/** The private keys of a folder that ssh tries without an IdentityFile. */
export function usualKeys(folder: string): readonly string[] {
  return ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => join(folder, name)).filter(existsSync);
}

/** How ssh takes this configuration, and the key beside it, where it looks in another home. */
export function sshByFile(file: string, shell?: Shell): string {
  const [key] = usualKeys(dirname(file));
  const words = ['-F', file, ...(key === undefined ? [] : ['-i', key])];
  return `ssh ${words.map((word) => shellQuoted(word, shell)).join(' ')}`;
}
