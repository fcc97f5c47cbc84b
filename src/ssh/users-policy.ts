import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { printable } from '../errors.js';
import { makeFolder } from '../files/place.js';
import { readText } from '../files/read-file.js';
import { type HostKeyPolicy, hostKeyPolicies } from '../identity/policy.js';
import { programInPath } from '../process/program-in-path.js';
import { runProgram } from '../process/run-program.js';
import { settingIn, sshCommand, sshProgram } from '../process/ssh-program.js';
import { ownerOf } from './config/file.js';
import { expandedPath, filesOf, settingsOf } from './config/settings.js';
import { foldersOf, type UsersFiles } from './config/users-files.js';
import { pathArgument } from './config/word.js';
import { stateFolder } from './folder.js';

/** What ssh does about a host's unknown key by the user's own files. */
interface UsersPolicy {
  readonly policy: HostKeyPolicy;
  /** Why ssh could not say: the policy is strict then. */
  readonly problem?: string;
}

export interface Question extends Omit<UsersFiles, 'main'> {
  /** The file of ssh's -F; undefined: the user's, then the system's. */
  readonly file?: string | undefined;
  /** Of the user's call: `-l`, `-o` … */
  readonly options?: readonly string[];
  /** Host names to ask for, as they are typed. */
  readonly names?: readonly string[];
}

/** No line names it: what it gets is for every host. */
export const anyHost = 'vmssh.invalid';

/** Milliseconds. */
const timeoutMs = 5000;

/** The policy of each name, by `ssh -G` over a copy of the user's file without our Include. What ssh cannot say is strict. */
export async function usersPolicies(question: Question): Promise<readonly UsersPolicy[]> {
  const { env, platform, names = [anyHost] } = question;
  try {
    const text = await configOf(question);
    // The options of a call come before any file.
    const said = question.options?.join('\n') ?? '';
    const isEmpty = !/^(?!\s*(?:#|$|Match all$))/m.test(text);
    if (isEmpty && !maySay(said)) return names.map(() => ({ policy: 'accept-new' }));
    const folder = await askedFolder(stateFolder(env, platform)).catch((error: Error) => error);
    // Without a home there is no place for the copy: then what cannot say it is not asked.
    if (folder instanceof Error) {
      if (maySay(`${text}\n${said}`)) throw folder;
      return names.map(() => ({ policy: 'accept-new' }));
    }
    try {
      return await askFor(names, text, folder, question);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    return names.map(() => unknown((error as Error).message));
  }
}

/** Whether any line but a comment could be about it. */
function maySay(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*#/.test(line) && /stricthostkeychecking|include/i.test(line));
}

function unknown(problem: string): UsersPolicy {
  return { policy: 'strict', problem: printable(problem) };
}

/** The configuration that ssh is asked about, without what vmssh wrote. Throws if it cannot be read. */
async function configOf(question: Question): Promise<string> {
  const { env, file } = question;
  const { folder, systemFolder } = foldersOf(question);
  if (file === 'none' || file === '/dev/null') return '';
  const main = resolve(file ?? join(folder, 'config'));
  const own = await linesOf(await textIfThere(main, file !== undefined), folder, env);
  if (file !== undefined) return own.join('\n');
  const system = await linesOf(await textIfThere(join(systemFolder, 'ssh_config'), false), systemFolder, env);
  return [...own, 'Match all', ...system].join('\n');
}

function textIfThere(path: string, isNeeded: boolean): Promise<string> {
  return readText(path).catch((error) => {
    if (isNeeded || !['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
    return '';
  });
}

/** The lines as they are, but that an Include, relative to `folder`, names the files themselves, without those that vmssh wrote. */
function linesOf(text: string, folder: string, env: Question['env']): Promise<readonly string[]> {
  return Promise.all(
    text.split('\n').map(async (line) => {
      const [setting] = settingsOf(line);
      if (setting?.keyword !== 'include') return line;
      const lists = setting.args.map((arg) => filesOf(expandedPath(arg, folder, env), folder));
      const named = (await Promise.all(lists)).flat();
      const isTaken = await Promise.all(named.map(async (path) => !(await isOurs(path))));
      const others = named.filter((_, at) => isTaken[at]);
      return others.length === 0 ? '' : `Include ${others.map(pathArgument).join(' ')}`;
    }),
  );
}

async function isOurs(path: string): Promise<boolean> {
  const text = await readText(path).catch(() => '');
  return ['ours', 'edited'].includes(ownerOf(text)) || text.startsWith('# Of the package vmssh.');
}

/**
 * A line at the end shows what nobody said: by Match final, which came with 8.0. The shell of a `Match exec` is the program
 * true, and then false: nothing that the user named runs, and the stricter answer counts.
 */
async function askFor(
  names: readonly string[],
  text: string,
  folder: string,
  question: Question,
): Promise<readonly UsersPolicy[]> {
  const copies = await Promise.all(
    ['Match final all', 'Host *'].map(async (end, at) => {
      const copy = join(folder, `config${at}`);
      await writeFile(copy, `${text}\n${end}\n    StrictHostKeyChecking accept-new\n`, { mode: 0o600 });
      return copy;
    }),
  );
  const { env, platform } = question;
  const shells =
    platform === 'win32'
      ? [undefined]
      : ['true', 'false'].map((name) => programInPath(name, env) ?? `/bin/${name}`);
  return Promise.all(
    names.map(async (name) => {
      const said = await Promise.all(shells.map((shell) => askSsh(copies, name, shell, question)));
      const policy = stricter(...said.map((each) => each.policy));
      return { policy, ...said.find((each) => each.problem !== undefined) };
    }),
  );
}

async function askSsh(
  copies: readonly string[],
  name: string,
  shell: string | undefined,
  { env, platform, options = [] }: Question,
): Promise<UsersPolicy> {
  let problem = 'ssh did not say it';
  for (const copy of copies) {
    const ssh = sshProgram({ env, platform });
    const flags = ['-oCanonicalizeHostname=no', ...options, '-G'];
    const asked = sshCommand({ ssh, configFile: copy, flags, host: name });
    const { stdout, stderr, stopped } = await runProgram(asked, {
      env: shell === undefined ? env : { ...env, SHELL: shell },
      timeoutMs,
    });
    const policy = policies[settingIn(stdout, 'stricthostkeychecking') ?? ''];
    if (policy !== undefined) return { policy };
    problem = stopped ? 'ssh did not answer in time' : stderr.trim().split(/\r?\n/)[0] || problem;
  }
  return unknown(copies.reduce((said, copy) => said.replaceAll(copy, 'your configuration'), problem));
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

/** The strictest of those that are said. */
export function stricter(...said: readonly (HostKeyPolicy | undefined)[]): HostKeyPolicy {
  // They begin with the weakest.
  return hostKeyPolicies.findLast((each) => said.includes(each)) ?? 'strict';
}

const prefix = '.asked-';

/** Nothing is asked for as long. Milliseconds. */
const maxAge = 600_000;

/** A new folder, where others may not write, for the files that ssh or ssh-keygen is asked about. Removes what killed ones left. Throws if there is no place. */
export async function askedFolder(state: string): Promise<string> {
  await makeFolder(state);
  for (const name of await readdir(state)) {
    const path = join(state, name);
    const stats = name.startsWith(prefix) ? await lstat(path).catch(() => undefined) : undefined;
    if (stats && Date.now() - stats.mtimeMs > maxAge) await rm(path, { recursive: true, force: true });
  }
  return mkdtemp(join(state, prefix));
}
