import { shellOf } from '../../../address/shell.js';
import { setAside } from '../../../address/shell-word.js';
import type { Io } from '../../../cli/command.js';
import { readText } from '../../../files/read-file.js';
import { configFiles, readInclude, spellings } from '../../../hosts/places.js';
import { callerForSsh } from '../../../ssh/config/caller.js';
import { type ConfigOwner, hasInclude, ownerOf } from '../../../ssh/config/file.js';
import { proxyWord } from '../../../ssh/config/word.js';
import { otherHome } from '../../../ssh/folder.js';
import { ours } from './served.js';

/** What is the case with ssh. */
export interface SshFacts {
  /** What `ssh -V` says; undefined: there is no ssh. */
  readonly version: string | undefined;
  /** The ProxyCommand that ssh uses for vsock/3. */
  readonly proxyCommand: string | undefined;
  /** The same for the first pattern of each kind. */
  readonly proxyCommands?: Readonly<Record<string, string | undefined>> | undefined;
  /** A ControlPath that a "/" in a target's name breaks. */
  readonly controlPath?: string | undefined;
}

/** The facts about ssh's configuration. */
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
  /** Whether the lines call this vmssh. */
  readonly callsThis: boolean;
  /** Whether the lines give the proxy the host as it was typed, which ssh 8.1 and later knows. */
  readonly typed?: boolean | undefined;
  /** Whether the lines have WarnWeakCrypto, which ssh 10.1 and later knows. */
  readonly weakCrypto?: boolean | undefined;
  /** Whether the lines pass sockets to ssh. */
  readonly passes?: boolean | undefined;
  /** HOME, and the home that ssh uses; undefined if they are the same. */
  readonly homes?: { readonly env: string; readonly ssh: string } | undefined;
}

export async function gatherConfig(io: Io): Promise<ConfigFacts> {
  const named = configFiles({ system: false }, io);
  const files = { ...named, include: await readInclude(named, io) };
  const { own: path, main: mainPath = '' } = files;
  const [own, main = ''] = await Promise.all([textOf(path), textOf(mainPath)]);
  const owner = ownerOf(own);
  const ssh = otherHome(io.env, io.platform);
  const { program } = await callerForSsh(io);
  const lines = owner === 'none' ? proxyCommands(main) : own;
  return {
    path,
    owner,
    mainPath,
    include: includeOf(main, spellings(files, io.platform)),
    aside: setAside(path, 'vmssh config install', shellOf(io)),
    pasted: proxyCommands(main) !== '',
    callsThis: [io.self, program].some((words) =>
      words.every((word) => lines?.includes(proxyWord(word, io.platform))),
    ),
    typed: lines === undefined ? undefined : /\bproxy .*--typed ["']%n/.test(lines),
    weakCrypto: /^\s*WarnWeakCrypto /m.test(lines ?? ''),
    passes: /^\s*ProxyUseFdpass yes$/m.test(lines ?? ''),
    homes: ssh === undefined ? undefined : { env: io.env.HOME ?? '', ssh },
  };
}

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}

function proxyCommands(config: string): string {
  const lines = config.split('\n').filter((line) => /^\s*ProxyCommand\b/i.test(line) && ours.test(line));
  return lines.join('\n');
}

function includeOf(main: string, files: readonly string[]): 'first' | 'late' | 'none' {
  if (hasInclude(main, files)) return 'first';
  const lines = main.split('\n').filter((line) => /^\s*include\b/i.test(line));
  return hasInclude(lines.join('\n'), files) ? 'late' : 'none';
}
