import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Here } from '../base/runtime.js';
import { stateFile } from '../book/state.js';
import { UsageError } from '../cli/command.js';
import { readText } from '../files/read-file.js';
import { realPath } from '../files/read-sync.js';
import type { Io } from '../process/io.js';
import { everySshAbilities } from '../process/ssh-program.js';
import { hasInclude, type Include, includeLine } from '../ssh/config/file.js';
import { expandedPath, filesOf, settingsOf } from '../ssh/config/settings.js';
import { sshByFile } from '../ssh/config/users-files.js';
import { isForLine } from '../ssh/config/word.js';
import { gitHome, otherHome, sshFolder } from '../ssh/folder.js';
import { shellQuoted } from '../typed/shell.js';
import type { ConfigOptions } from './options.js';
import { unitFolder } from './units.js';

export interface ConfigFiles {
  /** Only ours. */
  readonly own: string;
  /** What was decided and found, from which `own` is made. */
  readonly state: string;
  /** The file that ssh reads first, with one line of ours; undefined if ssh reads `own` anyway. */
  readonly main: string | undefined;
  /** How the main file names `own`. */
  readonly include: Include;
  /** The folder of the user's systemd units; undefined if there is no systemd. */
  readonly units?: string;
}

const noSystemFile =
  '--system is for /etc/ssh/ssh_config.d, which Windows does not have: vmssh config install --only-patterns as each user, or put what vmssh config print prints into C:\\ProgramData\\ssh\\ssh_config';

/** Where the files are. Throws a UsageError. */
export function configFiles(
  { system }: ConfigOptions,
  io: Io,
  systemFolder = '/etc/ssh',
  hasSystemd: () => boolean = () => io.platform === 'linux' && existsSync('/run/systemd/system'),
): ConfigFiles {
  if (system) {
    if (io.platform === 'win32') throw new UsageError(noSystemFile);
    const include = 'ssh_config.d/00-vmssh.conf';
    const state = join(systemFolder, 'ssh_config.d/00-vmssh.json');
    return { own: join(systemFolder, include), state, main: undefined, include: [include] };
  }
  const folder = sshFolder(io.env, io.platform);
  const own = join(folder, 'vmssh.conf');
  return {
    ...{ own, state: stateFile(io.env, io.platform), main: join(folder, 'config') },
    include: includedAs(own, io.platform),
    ...(hasSystemd() ? { units: unitFolder(io.env, dirname(folder)) } : {}),
  };
}

/** Which ssh here does not read the user's files, and what to do about it; undefined if each does. */
export async function readElsewhere(
  { own, include }: { readonly own: string; readonly include: Include },
  io: Io,
  owns = (folder: string) => existsSync(folder) && statSync(folder).uid === process.getuid?.(),
) {
  const { env, platform } = io;
  if (platform !== 'win32') {
    const home = otherHome(env, platform);
    if (home === undefined) return undefined;
    const problem = `HOME is ${env.HOME}, but ssh uses the home directory ${home}`;
    // As for a unit with DynamicUser, or a user with "/" there.
    if (!owns(home)) return { found: problem, fix: `${sshByFile(join(dirname(own), 'config'))} NAME` };
    const line = `put this line at the top of ${join(home, '.ssh', 'config')}: ${includeLine(include)}`;
    return {
      found: problem,
      fix: `HOME=${shellQuoted(home)} vmssh config install; or, for what is in HOME, ${line}`,
    };
  }
  const git = gitHome(env);
  if (git === undefined || (await everySshAbilities(io)).readsProfile) return undefined;
  const config = join(git.home, '.ssh', 'config');
  // Git's ssh takes C:/… for a relative path.
  const path = own.replaceAll('\\', '/').replace(/^([A-Za-z]):/, (_, drive) => `/${drive.toLowerCase()}`);
  if (hasInclude(await readText(config).catch(() => ''), [[path]])) return undefined;
  return {
    found: `${git.said}, which Git's ssh uses, but Windows' ssh and vmssh use the profile ${dirname(dirname(own))}`,
    fix: `for Git's ssh, put this line at the top of ${config}: ${includeLine([path])}`,
  };
}

/** The spellings of each name of our file that an Include needs. Outside Windows, any in `main` that leads to it counts, by a pattern or a link too. */
export async function spellings(
  { own, include }: ConfigFiles,
  main: string,
  { env, platform }: Here,
): Promise<readonly (readonly string[])[]> {
  if (platform === 'win32') return include.map((name) => (name === relativeName ? [name] : [name, own]));
  const [folder, real] = [dirname(own), realPath(own)];
  const isOurs = (path: string) => path === own || (real !== undefined && realPath(path) === real);
  // One with a token or a variable may lead elsewhere at each login, and `filesOf` takes a bracket for any character.
  const words = settingsOf(main, ['include']).flatMap(({ args }) =>
    args.filter((word) => !/[%$[]/.test(word)),
  );
  const lead = async (word: string) => (await filesOf(expandedPath(word, folder, env), folder)).some(isOurs);
  const leading = await Promise.all(words.map(async (word) => ((await lead(word)) ? [word] : [])));
  return [[...include, ...leading.flat()]];
}

/**
 * How an Include names our file: by the whole path, as ssh looks for a relative name in the ~/.ssh of $HOME, which sudo -E or CI may have set. What ssh
 * would expand or glob is a "?". On Windows Git's ssh and one before 8.0 take a whole path for a relative one: those need the name too.
 */
function includedAs(own: string, platform: NodeJS.Platform): Include {
  if (platform === 'win32') return [own.replaceAll('\\', '/').replaceAll(/[*?[]/g, '?'), relativeName];
  return isForLine(own) ? [own.replaceAll(/[*?[\]{}~$%"'\\]/g, '?')] : [relativeName];
}

const relativeName = 'vmssh.conf';
