import { dirname } from 'node:path';
import { readText } from '../files/read-file.js';
import { realPath } from '../files/read-sync.js';
import type { Io } from '../process/io.js';
import { refusalFix } from '../process/refusal-fix.js';
import { runProgram } from '../process/run-program.js';
import {
  everySsh,
  firstMessage,
  howToGet,
  isOpenSsh,
  settingIn,
  startsNot,
  whyNotStarted,
} from '../process/ssh-program.js';
import { hasInclude, includeLine } from '../ssh/config/file.js';
import { whereSet } from '../ssh/config/users-files.js';
import { isOurProxy } from '../ssh/config/word.js';
import { otherHome } from '../ssh/folder.js';
import { type ConfigFiles, configFiles, spellings } from './places.js';

export interface NotInEffect {
  readonly problem: string;
  /** The same without a path or a line of this host. */
  readonly about: string;
  readonly fix: string;
}

/** Why ssh takes nothing of the lines that config install wrote for this user; undefined: there are none, or it does. */
export async function lostLines(
  io: Io,
  files: ConfigFiles = configFiles({ system: false }, io),
): Promise<NotInEffect | undefined> {
  return (await textAt(files.own)) === '' ? undefined : notInEffect(files, io);
}

/** Why ssh, as PATH finds it, does not take what is in our file; undefined if it does, is not there, or refuses its configuration. */
export async function notInEffect(files: ConfigFiles, io: Io): Promise<NotInEffect | undefined> {
  const { own, main } = files;
  if (io.platform === 'win32') return undefined;
  if (main !== undefined && otherHome(io.env, io.platform) !== undefined) return undefined;
  // Root's own configuration is not that of all users.
  const only = main === undefined ? ['-F', systemConfig] : [];
  const how = { env: { ...io.env, ...io.usersShell }, timeoutMs: 20_000 };
  const end = await runProgram(['ssh', ...only, '-vG', 'vsock/3'], how).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (end instanceof Error) {
    const { problem, hint = 'vmssh doctor' } = whyNotStarted('ssh', end, io);
    return end.code === 'ENOENT' ? undefined : { problem, about: 'ssh does not start', fix: hint };
  }
  if (startsNot.test(end.stderr)) {
    const problem = `ssh does not start: ${firstMessage(end.stderr)}`;
    return { problem, about: 'ssh does not start', fix: refusalFix(end.stderr) ?? 'vmssh doctor' };
  }
  if (!/^hostname /m.test(end.stdout)) return anotherProgram(io);
  const isOurs = isOurProxy(settingIn(end.stdout, 'proxycommand'));
  const asks = / host-key /.test((await textAt(own)).split('\n').find(isKeyCommand) ?? '');
  if (isOurs && (!asks || / host-key /.test(settingIn(end.stdout, 'knownhostscommand') ?? '')))
    return undefined;
  const said = (await import('../process/ssh-log.js')).readSsh(end.stderr);
  const read = said.blocks.filter(({ line }) => line === 0).map(({ path }) => path);
  if (!read.some((path) => isSame(path, own))) return notRead(files, read, io);
  const isJump = settingIn(end.stdout, 'proxyjump') !== undefined;
  const keyword = isOurs ? 'KnownHostsCommand' : isJump ? 'ProxyJump' : 'ProxyCommand';
  const by = await whereSet(keyword.toLowerCase(), said);
  // Below another program's Host the Include belongs to that.
  return (by === undefined ? await noInclude(files, io) : undefined) ?? displaced(by, keyword, files);
}

/** The first ssh of PATH, if it is none of OpenSSH's. */
async function anotherProgram(io: Io): Promise<NotInEffect | undefined> {
  const all = everySsh(io).map(([path = '']) => path);
  const are = await Promise.all(all.map((path) => isOpenSsh(io.env, [path])));
  const better = all[are.indexOf(true)];
  if (all[0] === undefined || all[0] === better) return undefined;
  return {
    problem: `${all[0]} is not OpenSSH, and does not read these lines`,
    about: 'the ssh in PATH is not OpenSSH',
    fix: better ? `put ${dirname(better)} first in PATH` : (howToGet('ssh', io.platform) ?? ''),
  };
}

const isKeyCommand = (line: string) => /^\s*KnownHostsCommand /.test(line);

async function notRead(files: ConfigFiles, [first]: readonly string[], io: Io) {
  const { own, main } = files;
  if (main === undefined)
    return {
      problem: `ssh does not read ${own}: /etc/ssh/ssh_config does not include its folder`,
      about: 'ssh does not read the lines for all users',
      fix: `put this line at the top of /etc/ssh/ssh_config: ${includeLine([own])}`,
    };
  if (first === undefined || first === systemConfig || isSame(first, main)) return noInclude(files, io);
  return otherFile(first, files, io, 'the ssh in PATH');
}

/** What to say of a program that reads another file in place of ssh's own; undefined: that file includes ours. */
export async function otherFile(
  path: string,
  files: ConfigFiles,
  io: Io,
  who: string,
): Promise<NotInEffect | undefined> {
  const text = await textAt(path);
  if (hasInclude(text, await spellings(files, text, io))) return undefined;
  return {
    problem: `${who} reads ${path} in place of ${files.main}, and that does not include ${files.own}`,
    about: 'another configuration file takes the place of the user’s, without our lines',
    fix: `put this line at the top of ${path}: ${includeLine([files.own])}`,
  };
}

/** Whether ssh's main file has lost the line that it had; another program may have written it anew. */
export async function noInclude(files: ConfigFiles, io: Io): Promise<NotInEffect | undefined> {
  const { main, own } = files;
  if (main === undefined) return undefined;
  const text = await textAt(main);
  if (hasInclude(text, await spellings(files, text, io))) return undefined;
  return {
    problem: `${main} does not include ${own} above its first Host: another program may have written it anew (chezmoi, stow, home-manager)`,
    about: 'ssh’s own file does not include our lines',
    fix: `vmssh config install, or give that program this line for the top: ${includeLine(files.include)}`,
  };
}

/** What stands above our lines in ssh's order, where the first value counts. */
function displaced(by: string | undefined, keyword: string, { main }: ConfigFiles): NotInEffect {
  return {
    problem: `${by ?? 'a line above ours'} sets ${keyword}, and ssh takes the first one that it reads`,
    about: `another ${keyword} stands above ours`,
    fix:
      main === undefined
        ? `rename ${by?.replace(/ line \d+$/, '') ?? 'its file'}, so that it comes after vmssh's`
        : `put that ${keyword} below the Include of vmssh.conf`,
  };
}

const systemConfig = '/etc/ssh/ssh_config';

function textAt(path: string): Promise<string> {
  return readText(path).catch(() => '');
}

function isSame(one: string, other: string): boolean {
  return one === other || (realPath(one) !== undefined && realPath(one) === realPath(other));
}
