import { readText } from '../read-file.js';
import { hasInclude, type Owner, ownerOf } from '../ssh/config-file.js';
import { shellWord } from '../ssh/config-word.js';
import { controlPathCure, controlPathWords } from '../ssh/control-path.js';
import { otherHome } from '../ssh/folder.js';
import { shellQuoted } from './called-as.js';
import type { Io } from './command.js';
import { configFiles } from './config-plan.js';
import type { HostCheck } from './doctor-host-check.js';

/** What is the case with ssh. */
export interface SshFacts {
  /** What `ssh -V` says; undefined: there is no ssh. */
  readonly version: string | undefined;
  /** The ProxyCommand that ssh uses for vsock/3. */
  readonly proxyCommand: string | undefined;
  /** A ControlPath that a target's name breaks. */
  readonly controlPath?: string | undefined;
}

/** What is the case with ssh's configuration. */
export interface ConfigFacts {
  readonly path: string;
  readonly owner: Owner;
  readonly mainPath: string;
  /** Whether the main file includes ours: for all hosts, too late, or not. */
  readonly include: 'first' | 'late' | 'none';
  /** Whether the main file has lines of ours itself, as config print makes them. */
  readonly pasted: boolean;
  /** Whether the lines call this vmssh. */
  readonly callsThis: boolean;
  /** HOME, and the home that ssh takes; undefined: both are one. */
  readonly homes?: { readonly env: string; readonly ssh: string } | undefined;
}

export async function gatherConfig(io: Io): Promise<ConfigFacts> {
  const { own: path, main: mainPath = '', include } = configFiles({ system: false }, io);
  const [own, main = ''] = await Promise.all([textOf(path), textOf(mainPath)]);
  const owner = ownerOf(own);
  const ssh = otherHome(io.env, io.platform);
  const lines = owner === 'none' ? proxyCommands(main) : own;
  return {
    ...{ path, owner, mainPath, include: includeOf(main, [include, path, '~/.ssh/vmssh.conf']) },
    pasted: proxyCommands(main) !== '',
    callsThis: io.self.every((word) => lines?.includes(shellWord(word, io.platform))),
    homes: ssh === undefined ? undefined : { env: io.env.HOME ?? '', ssh },
  };
}

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}

/** How every ProxyCommand of ours goes on behind the program. */
const ours = /\bproxy (--fdpass )?(--wait\S* )?--typed /;

function proxyCommands(config: string): string {
  const lines = config.split('\n').filter((line) => /^\s*ProxyCommand\b/i.test(line) && ours.test(line));
  return lines.join('\n');
}

function includeOf(main: string, files: readonly string[]): 'first' | 'late' | 'none' {
  if (hasInclude(main, files)) return 'first';
  const lines = main.split('\n').filter((line) => /^\s*include\b/i.test(line));
  return hasInclude(lines.join('\n'), files) ? 'late' : 'none';
}

/** What the facts mean. */
export function configChecks(config: ConfigFacts, ssh: SshFacts): readonly HostCheck[] {
  return [...home(config), lines(config, ssh), include(config), effective(config, ssh), ...controlPath(ssh)];
}

function home({ homes }: ConfigFacts): readonly HostCheck[] {
  if (!homes) return [];
  const found = `HOME is ${homes.env}, and ssh reads the files of ${homes.ssh} all the same`;
  return [{ name: 'home', state: 'bad', found, cure: `HOME=${shellQuoted(homes.ssh)} vmssh config install` }];
}

function controlPath({ controlPath: path }: SshFacts): readonly HostCheck[] {
  if (path === undefined) return [];
  return [{ name: 'ControlPath', state: 'bad', found: controlPathWords(path), cure: controlPathCure }];
}

function lines(
  { owner, path, mainPath, pasted, callsThis }: ConfigFacts,
  { proxyCommand }: SshFacts,
): HostCheck {
  const name = 'config';
  switch (owner) {
    case 'none':
      if (pasted && callsThis)
        return { name, state: 'ok', found: `${mainPath} has the lines, and calls this vmssh` };
      if (pasted)
        return {
          ...{ name, state: 'bad', found: `${mainPath} has the lines, and calls another vmssh` },
          cure: 'take them out there, then vmssh config install',
        };
      if (ours.test(proxyCommand ?? ''))
        return {
          ...{
            name,
            state: 'none',
            found: 'ssh has the patterns from elsewhere; machines have no Host of their own',
          },
          cure: 'vmssh config install',
        };
      return {
        name,
        state: 'bad',
        found: 'vmssh is not in your ssh configuration',
        cure: 'vmssh config install',
      };
    case 'foreign':
    case 'edited':
      return {
        name,
        state: 'bad',
        found: `${path} is not as vmssh wrote it`,
        cure: `mv ${shellQuoted(path)} ${shellQuoted(`${path}.old`)} && vmssh config install`,
      };
    case 'ours':
      return callsThis
        ? { name, state: 'ok', found: `${path} calls this vmssh` }
        : { name, state: 'bad', found: `${path} calls another vmssh`, cure: 'vmssh config install' };
  }
}

function include({ owner, include: where, mainPath, pasted }: ConfigFacts): HostCheck {
  const name = 'Include';
  if (owner === 'none' && pasted)
    return { name, state: 'none', found: 'not needed, the lines are there already' };
  if (owner === 'none') return { name, state: 'none', found: 'nothing to include yet' };
  if (where === 'first') return { name, state: 'ok', found: `${mainPath} includes it above the first Host` };
  const found =
    where === 'late'
      ? 'it stands below a Host or Match, and so for that one alone'
      : `${mainPath} does not include it`;
  return { name, state: 'bad', found, cure: 'vmssh config install' };
}

// What counts in the end: the first ProxyCommand that ssh meets.
function effective({ owner, homes }: ConfigFacts, { version, proxyCommand }: SshFacts): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return { name, state: 'none', found: 'no ssh to ask' };
  if (proxyCommand === undefined)
    return {
      name,
      state: owner === 'none' ? 'none' : 'bad',
      found: 'ssh has no ProxyCommand for it',
      ...(homes ? {} : { cure: 'vmssh config install' }),
    };
  if (ours.test(proxyCommand)) return { name, state: 'ok', found: 'ssh runs vmssh' };
  return {
    name,
    state: 'none',
    found: `ssh runs another program first: ${proxyCommand}`,
    cure: 'vmssh config install puts ours above it',
  };
}
