import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from '../files/read-sync.js';
import { programInPath } from '../process/program-in-path.js';
import type { Endpoint } from '../typed/route.js';
import { isWsl } from './hyper-v/wsl-windows.js';
import { filesSource, type OutsideLines, outsideLines } from './outside/file.js';
import { type Deps, nothing, type Source } from './source.js';
import { type HostLook, type SourceEntry, sources } from './sources.js';
import { withToolFolders } from './trusted-path.js';

/** vmssh's own sources, then those of the user and of root: docs/sources.md. Their files are read now. */
export function everyEntry(
  { lines, problems }: OutsideLines = outsideLines(process.env, true),
): readonly SourceEntry[] {
  const platforms: SourceEntry['platforms'] = ['linux', 'darwin'];
  const outside = lines.map((line): SourceEntry => {
    const load = async () => (await import('./outside/outside.js')).outsideSource(line);
    return { name: line.name, platforms, joins: ['vsock', 'unix', 'vsock-mux'], load };
  });
  const load = async () => (await import('./outside/outside.js')).sourceOfFiles(problems);
  return [...sources, ...outside, ...(problems.length === 0 ? [] : [{ name: filesSource, platforms, load }])];
}

/** The sources for a platform, of those on a network only `named` ones. */
export function sourcesOn(
  platform: NodeJS.Platform,
  named: readonly string[] = [],
  from: readonly SourceEntry[] = everyEntry(),
): readonly SourceEntry[] {
  const onPlatform = from.filter(({ platforms }) => platforms.includes(platform));
  return onPlatform.filter(({ name, isOnlyNamed }) => !isOnlyNamed || named.includes(name));
}

export function sourcesHere(
  host: Deps,
  named?: readonly string[],
  from?: readonly SourceEntry[],
): readonly SourceEntry[] {
  const { platform = process.platform } = host;
  const look = lookOn(host, platform);
  return sourcesOn(platform, named, from).filter(
    ({ name, mayBeHere }) => named?.includes(name) || (mayBeHere?.(look) ?? true),
  );
}

/** What marks a container with its host's home, where the host's machines are not seen, as Toolbx, Flatpak, a dev container. */
export function containerAround(env: Deps['env'], look = around): string | undefined {
  if (look.platform !== 'linux') return undefined;
  // A container that is a system has 65,536 users at least.
  const users = look.uidMap().match(/\d+$/gm) ?? [];
  const few = users.length > 0 && users.reduce((sum, count) => sum + Number(count), 0) < 65_536;
  const mark = few ? '/proc/self/uid_map' : marks.find(look.exists);
  // One with a home of its own is a host like any other.
  const isShared = few || (env.HOME !== undefined && look.device(env.HOME) !== look.device('/'));
  return isShared ? mark : undefined;
}

/** Left by podman, and so Toolbx and distrobox; by Docker; by Flatpak. */
const marks: readonly string[] = ['/run/.containerenv', '/.dockerenv', '/.flatpak-info'];

const around = {
  platform: process.platform,
  exists: (path: string) => existsSync(path),
  uidMap: () => readTextIfAny('/proc/self/uid_map'),
  /** The number of the file system that a folder is in. */
  device(path: string) {
    try {
      return statSync(path).dev;
    } catch {
      return undefined;
    }
  },
};

/** Whether a source may have machines that were not listed, since the program that knows them is not found here. */
export function isUnasked(
  provider: string,
  machines: readonly { readonly provider: string; readonly via?: string }[],
  env: Deps['env'],
): boolean {
  const program = (sources as readonly SourceEntry[]).find(({ name }) => name === provider)?.needs;
  if (program === undefined || programInPath(program, withToolFolders(env)) !== undefined) return false;
  return !machines.some((machine) => machine.via === undefined && machine.provider === provider);
}

/** Loads those that may have machines on this host, or only those of these names, for a list. */
export function loadHere(host: Deps, only?: readonly string[]): Promise<readonly Source[]> {
  return loadForList(sourcesHere(host).filter(({ name }) => only?.includes(name) ?? true));
}

/** Loads those that may know whose such an address is, the user's own and root's too. */
export function loadKnowing(host: Deps, family: Endpoint['family']): Promise<readonly Source[]> {
  return loadForList(sourcesHere(host).filter(({ joins }) => joins?.includes(family)));
}

/** Loads sources for a list; those of processes only when one runs. */
export function loadForList(entries: readonly SourceEntry[]): Promise<readonly Source[]> {
  return Promise.all(entries.map((entry) => (entry.runs ? onceItRuns(entry, entry.runs) : entry.load())));
}

function onceItRuns({ name, load }: SourceEntry, runs: RegExp): Source {
  return {
    ...{ name, title: name },
    async list(deps) {
      const { runsAny } = await import('./processes/processes.js');
      return (await runsAny(runs, deps)) ? (await load()).list(deps) : nothing;
    },
  };
}

function lookOn({ env, exists = existsSync, procDir }: Deps, platform: NodeJS.Platform): HostLook {
  const tools = withToolFolders(env, platform);
  const { HOME, XDG_RUNTIME_DIR } = env;
  // A runtime folder of another user is not used, but the one that systemd makes.
  const runtime = [XDG_RUNTIME_DIR, `/run/user/${process.getuid?.()}`];
  const full = (path: string): readonly (string | undefined)[] => {
    const [, start, rest = ''] = /^(~|\$XDG_RUNTIME_DIR)(\/.*)?$/s.exec(path) ?? [];
    if (start === undefined) return [path];
    return (start === '~' ? [HOME] : runtime).map((folder) => folder && join(folder, rest));
  };
  return {
    env,
    program: (name) => programInPath(name, tools) !== undefined,
    file: (...paths) => paths.some((path) => path && full(path).some((each) => each && exists(each))),
    windows: () => platform === 'win32' || isWsl({ env, procDir }),
  };
}
