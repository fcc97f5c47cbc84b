import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { readText, readTextSync } from '../../files/read-file.js';
import { groupBy } from '../../group-by.js';
import { fewAtATime } from '../few-at-a-time.js';
import type { Deps, Process } from '../provider.js';
import { mayBeSetUserId } from './set-user-id.js';
import { isSystemUser } from './system-user.js';

/** The used part of node:fs. */
export interface ProcFs {
  readdir(path: string): readonly string[];
  readlink(path: string): Promise<string>;
  /** Kernel data of a process. */
  readStatus(path: string): string;
  /** Data from a process's own memory. */
  readMemory(path: string): Promise<string>;
}

/** The processes with such a program name and a trusted owner. */
export async function processesNamed(
  program: RegExp,
  deps: Deps,
  fs: ProcFs = nodeFs,
  uid: number | undefined = process.getuid?.(),
): Promise<readonly Process[]> {
  const all = await allProcesses(deps, fs, uid);
  const named = [...all].flatMap(([name, processes]) => (program.test(name) ? processes : []));
  if (!hasProc(deps)) return named;
  // It may have executed another program as another user meanwhile.
  const same = named.filter(({ pid, uid: owner }) => ownerOf(pid, deps, fs) === owner);
  const strange = await Promise.all(
    same.map(
      ({ pid, uid: owner }) =>
        (owner === 0 || owner !== uid) && mayBeSetUserId(`${procDir(deps)}/${pid}`, uid),
    ),
  );
  return same.filter((_, i) => !strange[i]).sort((a, b) => a.pid - b.pid);
}

/**
 * The processes with a trusted owner, by their program's name: this user's or a system user's. Anybody can start a
 * process with the name of another user's machine, and with an endless command line.
 */
function allProcesses(
  deps: Deps,
  fs: ProcFs = nodeFs,
  uid: number | undefined = process.getuid?.(),
): Promise<ReadonlyMap<string, readonly Process[]>> {
  // Several providers use the same processes in one listing.
  const reading = deps.memo?.processes ?? readAll(deps, fs, uid);
  if (deps.memo) deps.memo.processes = reading;
  return reading;
}

async function readAll(
  deps: Deps,
  fs: ProcFs,
  uid: number | undefined,
): Promise<ReadonlyMap<string, readonly Process[]>> {
  if (!hasProc(deps)) {
    const { processesByPs } = await import('./by-ps.js');
    return byProgram(await processesByPs(deps, uid));
  }
  const isTrusted = trusting(deps);
  const read = async (pid: number): Promise<readonly Process[]> => {
    const owner = ownerOf(pid, deps, fs);
    if (owner === undefined || (owner !== uid && !(await isTrusted(owner)))) return [];
    try {
      const text = await fs.readMemory(`${procDir(deps)}/${pid}/cmdline`);
      const argv = (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
      return argv[0] === '' ? [] : [withoutLoader({ pid, uid: owner, argv })];
    } catch {
      // It has exited meanwhile.
      return [];
    }
  };
  const processes = await fewAtATime(pidsIn(deps, fs), 4, read, deps.signal);
  return byProgram(processes.flat());
}

function byProgram(processes: readonly Process[]): ReadonlyMap<string, readonly Process[]> {
  return groupBy(processes, ({ argv: [first = ''] }) => basename(first));
}

function pidsIn(deps: Deps, fs: ProcFs): readonly number[] {
  const threads = kernelThreads(deps, fs);
  const pids = fs.readdir(procDir(deps)).map(Number);
  return pids.filter((pid) => pid > 0 && !threads.has(pid));
}

/**
 * The kernel's own threads, since a host often has more of them than of programs: the children of kthreadd, which has
 * neither parent nor memory. Where pid 2 is another process, as in a container, or the kernel does not list children,
 * `ownerOf` recognizes them.
 */
function kernelThreads(deps: Deps, fs: ProcFs): ReadonlySet<number> {
  const kthreadd = `${procDir(deps)}/2`;
  const status = read(`${kthreadd}/status`, fs);
  if (fieldOf(status, 'PPid') !== '0' || fieldOf(status, 'VmSize') !== '') return new Set();
  return new Set(read(`${kthreadd}/task/2/children`, fs).split(' ').map(Number));
}

/** Whether a user is a system user, asked once for each. */
function trusting(deps: Deps): (owner: number) => Promise<boolean> {
  const known = new Map<number, Promise<boolean>>();
  return (owner) => {
    const trusted = known.get(owner) ?? isSystemUser(owner, deps);
    known.set(owner, trusted);
    return trusted;
  };
}

// Not the folder's owner, which is root for a process that forbids core dumps (proc_pid(5)).
function ownerOf(pid: number, deps: Deps, fs: ProcFs): number | undefined {
  const status = read(`${procDir(deps)}/${pid}/status`, fs);
  // A thread of the kernel is no machine.
  const [owner, kernelThread] = [fieldOf(status, 'Uid'), fieldOf(status, 'Kthread')];
  return owner === '' || kernelThread === '1' ? undefined : Number(owner);
}

/** "" if the process has exited meanwhile. */
function read(path: string, fs: ProcFs): string {
  try {
    return fs.readStatus(path);
  } catch {
    return '';
  }
}

/** Characters: more than any number here. */
const longestField = 32;

/** The first word of a line; "" if there is none. */
function fieldOf(status: string, name: string): string {
  const label = `\n${name}:\t`;
  const at = status.indexOf(label);
  return at < 0
    ? ''
    : (/^\S+/.exec(status.slice(at + label.length, at + label.length + longestField))?.[0] ?? '');
}

// If its own dynamic loader started the program, the program comes after the loader's options.
function withoutLoader(process: Process): Process {
  const { argv } = process;
  if (!/^ld(-linux[\w-]*)?\.so\b/.test(basename(argv[0] ?? ''))) return process;
  let at = 1;
  while (argv[at]?.startsWith('--'))
    at += /^--[\w-]+=|^--(inhibit-cache|list|verify)/.test(argv[at] ?? '') ? 1 : 2;
  return { ...process, argv: argv.slice(at) };
}

/** Whether processes are seen in /proc; else ps lists them. */
export function hasProc({ platform = process.platform }: Deps): boolean {
  return platform !== 'darwin';
}

/** The proc file system. */
export function procDir(deps: Deps): string {
  return deps.procDir ?? '/proc';
}

/** More than most systems allow for a program's arguments (execve(2)). Bytes. */
const longestCommandLine = 1 << 20;

/** Reading a process's memory can block forever if its threads wait for a disk, so never on this thread. */
export const nodeFs: ProcFs = {
  readdir: (path) => readdirSync(path),
  readlink: async (path) => readlinkSync(path),
  readStatus: (path) => readTextSync(path),
  readMemory: (path) => readText(path, longestCommandLine),
};
