import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { printable, quote } from '../base/errors.js';
import { type Env, type Here, tilde } from '../base/runtime.js';
import { isProgram } from './program-in-path.js';
import { type ProgramResult, runProgram } from './run-program.js';

export interface ShellTrouble {
  readonly trouble: Trouble;
  readonly problem: string;
  /** The same without a name or a path of this host. */
  readonly about: string;
  readonly fix: string;
}

/**
 * What the start files of the user's shell do to a login: ssh starts its ProxyCommand by $SHELL, with one socket as stdin and stdout, and takes
 * the first byte there for vmssh's. Undefined if they let it be. bash reads ~/.bashrc then, or, where SHLVL says that a shell started ssh, the file
 * of BASH_ENV (shell.c).
 */
export async function shellTrouble(
  io: Here & { readonly usersShell?: Env },
): Promise<ShellTrouble | undefined> {
  const env: Env = { ...io.env, ...io.usersShell, SHLVL: undefined };
  const { SHELL: shell } = env;
  if (io.platform !== 'linux' || shell === undefined) return undefined;
  if (!isProgram(shell)) return useSh(`SHELL is ${shell || '""'}, and there is no such program`, 'ends');
  const kind = shells[basename(shell)];
  const command = [shell, '-c', `exec ${probe}`];
  const { BASH_ENV } = kind === shells.bash ? env : {};
  const typed = BASH_ENV ? await look(command, { ...env, SHLVL: '1' }) : undefined;
  // A slow one may be this host.
  if (BASH_ENV && typed?.trouble && typed.trouble !== 'waits')
    return {
      trouble: typed.trouble,
      problem: `BASH_ENV names ${tilde(BASH_ENV, env)}, which ${said(typed, typed.trouble)}: ${effects[typed.trouble]}`,
      about: `the file of BASH_ENV ${fixed[typed.trouble]}`,
      fix: 'unset BASH_ENV, or let that file print nothing and end nothing',
    };
  const seen = await look(command, env);
  const { trouble } = seen;
  if (trouble === undefined) return undefined;
  const file = kind && (await culprit(shell, kind, trouble, env));
  if (kind === undefined || (file === undefined && trouble === 'ends'))
    return useSh(`SHELL is ${shell}, which ${said(seen, trouble)}`, trouble);
  const [where = '', without = ''] = kind === shells.bash ? onlyBash : [];
  const name = file === undefined ? `a start file of ${shell}` : tilde(file, env);
  return {
    trouble,
    problem: `${name} ${said(seen, trouble)}${where}: ${effects[trouble]}${without}`,
    about: `a start file of the shell ${fixed[trouble]}`,
    fix: kind.fix(name),
  };
}

const onlyBash = [
  ' where no shell started ssh (VS Code, a git client, a unit)',
  '; vmssh config install --no-fdpass does without that file',
];

/** The trouble with a program that is no shell, or a shell of which nothing is known here. */
function useSh(why: string, trouble: Trouble): ShellTrouble {
  const problem = `${why}: ${effects[trouble]} (vmssh ssh takes /bin/sh)`;
  return { trouble, problem, about: `the shell ${fixed[trouble]}`, fix: 'export SHELL=/bin/sh' };
}

type Trouble = 'prints' | 'ends' | 'hangs' | 'waits';

interface Seen {
  readonly trouble: Trouble | undefined;
  readonly stdout: string;
  readonly ms: number;
}

/** The exit code by which a shell shows that it came to the command that ssh gave it. */
const ranCode = 42;
const probe = `/bin/sh -c 'exit ${ranCode}'`;

/** Milliseconds. A start file that takes so long is felt at each login. */
const slowMs = 1000;
const timeoutMs = 10_000;

async function look(command: readonly string[], env: Env): Promise<Seen> {
  const first = await timed(command, env);
  if (first.trouble !== 'waits') return first;
  // This host may have been busy.
  const second = await timed(command, env);
  return second.ms < first.ms ? second : first;
}

async function timed(command: readonly string[], env: Env): Promise<Seen> {
  const start = process.uptime();
  const how = { env, timeoutMs, stdin: 'socket', longest: 1 << 16 } as const;
  const end = await runProgram(command, how).catch(({ code }: NodeJS.ErrnoException) => ({
    ...{ stdout: '', stderr: '' },
    // Otherwise this host is short of something, and the shell is not to blame.
    code: ['ENOENT', 'EACCES', 'ENOEXEC'].includes(code ?? '') ? null : ranCode,
  }));
  const ms = (process.uptime() - start) * 1000;
  return { trouble: troubleOf(end, ms), stdout: end.stdout, ms };
}

function troubleOf({ stdout, stopped, code }: ProgramResult, ms: number): Trouble | undefined {
  if (stdout !== '') return 'prints';
  if (stopped !== undefined) return 'hangs';
  if (code !== ranCode) return 'ends';
  return ms > slowMs ? 'waits' : undefined;
}

const effects: Readonly<Record<Trouble, string>> = {
  prints: 'ssh takes that for the connection, and ends ("mm_receive_fd: no message header")',
  ends: 'vmssh is not started',
  hangs: 'ssh waits for ever',
  waits: 'so long each login waits',
};

const fixed: Readonly<Record<Trouble, string>> = {
  prints: 'prints something',
  ends: 'does not run what ssh asks of it',
  hangs: 'does not end',
  waits: 'is slow',
};

function said({ stdout, ms }: Seen, trouble: Trouble): string {
  const line = stdout.split('\n').find((each) => each.trim() !== '') ?? stdout;
  if (trouble === 'prints') return `prints ${quote(printable(line.slice(0, 60)))}`;
  return trouble === 'waits' ? `takes ${(ms / 1000).toFixed(1)} s` : fixed[trouble];
}

/** The first start file that does it alone, also where the shell itself is slow. */
async function culprit(shell: string, { bare, source, files }: StartFiles, trouble: Trouble, env: Env) {
  const alone = (line: string, more: Env) =>
    look([shell, ...bare, '-c', `${line}exec ${probe}`], { ...env, BASH_ENV: undefined, ...more });
  // Without a start file all has to be well, or the option is not known.
  const { trouble: own } = await alone('', {});
  if (own !== undefined && (own !== 'waits' || own === trouble)) return undefined;
  const there = files(env).filter((path) => isAbsolute(path) && existsSync(path));
  for (const path of there.slice(0, mostFiles))
    if ((await alone(`${source} "$VMSSH_START_FILE"; `, { VMSSH_START_FILE: path })).trouble === trouble)
      return path;
  return undefined;
}

const mostFiles = 32;

interface StartFiles {
  /** The options without which the shell reads its start files. */
  readonly bare: readonly string[];
  readonly source: string;
  /** In the order in which `-c` reads them. */
  readonly files: (env: Env) => readonly string[];
  readonly fix: (file: string) => string;
}

const firstLine = (line: string) => (file: string) => `put this line at the top of ${file}: ${line}`;
const home = ({ HOME = '' }: Env, name: string) => join(HOME, name);

const tcsh: StartFiles = {
  bare: ['-f'],
  source: 'source',
  files: (env) => ['/etc/csh.cshrc', home(env, '.tcshrc'), home(env, '.cshrc')],
  fix: firstLine('if (! $?prompt) exit'),
};

const shells: Readonly<Record<string, StartFiles>> = {
  bash: {
    bare: ['--norc'],
    source: '.',
    files: (env) => ['/etc/bash.bashrc', home(env, '.bashrc')],
    fix: firstLine('[[ $- == *i* ]] || return'),
  },
  fish: {
    bare: ['--no-config'],
    source: 'source',
    files: (env) => [
      ...fishFiles(join(env.XDG_CONFIG_HOME || home(env, '.config'), 'fish')),
      ...fishFiles('/etc/fish'),
    ],
    fix: firstLine('status is-interactive; or return'),
  },
  zsh: {
    bare: ['-f'],
    source: '.',
    files: (env) => ['/etc/zsh/zshenv', join(env.ZDOTDIR || home(env, ''), '.zshenv')],
    fix: (file) => `move that from ${file} to ~/.zshrc, which only an interactive shell reads`,
  },
  tcsh,
  csh: tcsh,
};

function fishFiles(folder: string): readonly string[] {
  const parts = join(folder, 'conf.d');
  const all = existsSync(parts) ? readdirSync(parts) : [];
  const names = all.filter((name) => name.endsWith('.fish')).toSorted();
  return [...names.map((name) => join(parts, name)), join(folder, 'config.fish')];
}
