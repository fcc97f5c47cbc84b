import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { readText, readTextSync } from '../../files/read-file.js';
import { fewAtATime } from '../few-at-a-time.js';
import type { Deps, Process } from '../provider.js';
import { mayBeSetUserId } from './set-user-id.js';
import { isSystemUser } from './system-user.js';

/** The used part of node:fs. */
export interface ProcFs {
  readdir(path: string): Promise<readonly string[]>;
  readlink(path: string): Promise<string>;
  /** Kernel data of a process. */
  readStatus(path: string): Promise<string>;
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
  const named = all.filter(({ argv: [first = ''] }) => program.test(basename(first)));
  // It may have executed another program as another user meanwhile.
  const owners = await Promise.all(named.map(({ pid }) => pid).map(trusting(deps, fs, uid)));
  const same = named.filter((each, i) => owners[i] === each.uid);
  const strange = await Promise.all(
    same.map(
      ({ pid, uid: owner }) =>
        (owner === 0 || owner !== uid) && mayBeSetUserId(`${procDir(deps)}/${pid}`, uid),
    ),
  );
  return same.filter((_, i) => !strange[i]);
}

/**
 * The processes with a trusted owner: this user or a system user. Anybody can start a process with the name of another
 * user's machine, and with an endless command line.
 */
function allProcesses(
  deps: Deps,
  fs: ProcFs = nodeFs,
  uid: number | undefined = process.getuid?.(),
): Promise<readonly Process[]> {
  // Several providers use the same processes in one listing.
  const reading = deps.memo?.processes ?? readAll(deps, fs, uid);
  if (deps.memo) deps.memo.processes = reading;
  return reading;
}

async function readAll(deps: Deps, fs: ProcFs, uid: number | undefined): Promise<readonly Process[]> {
  const pids = (await fs.readdir(procDir(deps))).filter((name) => /^\d+$/.test(name)).map(Number);
  const trusted = trusting(deps, fs, uid);
  const read = async (pid: number) => {
    const owner = await trusted(pid);
    return owner === undefined ? [] : readOne(pid, owner, deps, fs);
  };
  const processes = (await fewAtATime(pids, 4, read, deps.signal)).flat();
  return processes.sort((a, b) => a.pid - b.pid);
}

async function readOne(pid: number, uid: number, deps: Deps, fs: ProcFs): Promise<readonly Process[]> {
  // A process may exit meanwhile.
  const text = await fs.readMemory(`${procDir(deps)}/${pid}/cmdline`).catch(() => '');
  const argv = (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
  return argv[0] === '' ? [] : [withoutLoader({ pid, uid, argv })];
}

/** A process's owner if it is trusted: this user or a system user. */
function trusting(
  deps: Deps,
  fs: ProcFs,
  uid: number | undefined,
): (pid: number) => Promise<number | undefined> {
  const known = new Map<number, Promise<boolean>>();
  return async (pid) => {
    const owner = await ownerOf(pid, deps, fs);
    if (owner === undefined || owner === uid) return owner;
    const trusted = known.get(owner) ?? isSystemUser(owner, deps);
    known.set(owner, trusted);
    return (await trusted) ? owner : undefined;
  };
}

// Not the folder's owner, which is root for a process that forbids core dumps (proc_pid(5)).
async function ownerOf(pid: number, deps: Deps, fs: ProcFs): Promise<number | undefined> {
  const status = await fs.readStatus(`${procDir(deps)}/${pid}/status`).catch(() => '');
  // A thread of the kernel is no machine; there are often more of them than of programs.
  const [owner, kernelThread] = [fieldOf(status, 'Uid'), fieldOf(status, 'Kthread')];
  return owner === '' || kernelThread === '1' ? undefined : Number(owner);
}

/** The first word of a line; "" if there is none. */
function fieldOf(status: string, name: string): string {
  const label = `\n${name}:\t`;
  const at = status.indexOf(label);
  return at < 0 ? '' : (/^\S+/.exec(status.slice(at + label.length))?.[0] ?? '');
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

/** The proc file system. */
export function procDir(deps: Deps): string {
  return deps.procDir ?? '/proc';
}

/** More than most systems allow for a program's arguments (execve(2)). Bytes. */
const longestCommandLine = 1 << 20;

/** Reading a process's memory can block forever if its threads wait for a disk, so never on this thread. */
export const nodeFs: ProcFs = {
  readdir: async (path) => readdirSync(path),
  readlink: async (path) => readlinkSync(path),
  readStatus: async (path) => readTextSync(path),
  readMemory: (path) => readText(path, longestCommandLine),
};
