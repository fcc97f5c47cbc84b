import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import type { Deps, Process } from './provider.js';

/** What is needed of node:fs. */
export interface ProcFs {
  readdir(path: string): Promise<readonly string[]>;
  readFile(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
}

/**
 * The processes whose program has such a name and whose owner may be believed: this user, or one of the system. Anybody
 * can start a process that is called like somebody's machine.
 */
export async function processesNamed(
  program: RegExp,
  deps: Deps,
  fs: ProcFs = nodeFs,
  uid: number | undefined = process.getuid?.(),
): Promise<readonly Process[]> {
  const all = await allProcesses(deps, fs);
  const named = all.filter(({ argv: [first = ''] }) => program.test(basename(first)));
  const trusted = await Promise.all(named.map(({ pid }) => isTrusted(pid, uid, deps, fs)));
  return named.filter((_, i) => trusted[i]);
}

/** What turns a path that a process was given into one for this process: relative ones begin in its working folder. */
export async function pathsOf(
  pid: number,
  deps: Deps,
  fs: ProcFs = nodeFs,
): Promise<(path: string) => string> {
  const link = `${procDir(deps)}/${pid}/cwd`;
  const folder = await fs.readlink(link).catch(() => link);
  return (path) => (isAbsolute(path) ? path : join(folder, path));
}

function allProcesses(deps: Deps, fs: ProcFs): Promise<readonly Process[]> {
  // Several providers look at the same processes for one listing.
  const reading = deps.memo?.processes ?? readAll(deps, fs);
  if (deps.memo) deps.memo.processes = reading;
  return reading;
}

async function readAll(deps: Deps, fs: ProcFs): Promise<readonly Process[]> {
  const pids = (await fs.readdir(procDir(deps))).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    pids.map(async (pid) => {
      // A process may end while it is looked at.
      const text = await fs.readFile(`${procDir(deps)}/${pid}/cmdline`).catch(() => '');
      return { pid: Number(pid), argv: text.replace(/\0$/, '').split('\0') };
    }),
  );
  return processes
    .filter(({ argv }) => argv[0] !== '')
    .map(withoutLoader)
    .sort((a, b) => a.pid - b.pid);
}

// The folder's owner would not do: the kernel shows root's for a process that forbids its core dump (proc_pid(5)).
async function isTrusted(pid: number, uid: number | undefined, deps: Deps, fs: ProcFs): Promise<boolean> {
  const status = await fs.readFile(`${procDir(deps)}/${pid}/status`).catch(() => '');
  const owner = Number(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? Number.NaN);
  return owner === uid || owner < 1000 || (owner >= 60_000 && owner < 65_000);
}

// A program that was started by the dynamic loader of its own folder stands behind the loader's options.
function withoutLoader(process: Process): Process {
  const { argv } = process;
  if (!/^ld(-linux[\w-]*)?\.so\b/.test(basename(argv[0] ?? ''))) return process;
  let at = 1;
  while (argv[at]?.startsWith('--'))
    at += /^--[\w-]+=|^--(inhibit-cache|list|verify)/.test(argv[at] ?? '') ? 1 : 2;
  return { ...process, argv: argv.slice(at) };
}

/** Where the kernel tells of processes. */
export function procDir(deps: Deps): string {
  return deps.procDir ?? '/proc';
}

// Reading a process' memory can take for ever, where its own threads wait for a disk: never on this thread.
const nodeFs: ProcFs = {
  readdir: async (path) => readdirSync(path),
  readFile: (path) => readFile(path, 'utf8'),
  readlink: async (path) => readlinkSync(path),
};
