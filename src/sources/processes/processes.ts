import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { fewAtATime, groupBy } from '../../base/group-by.js';
import { readStart } from '../../files/read-file.js';
import { readTextSync } from '../../files/read-sync.js';
import { addressOf } from '../routes.js';
import type { Deps, DiscoveredMachine, Process, Processes, StartedProcess, Warning } from '../source.js';
import { DiscoveryError, type Warn } from '../source.js';
import type { RunTool } from '../tools/run-tool.js';
import { authorityOf } from '../trusted-path.js';
import { containerTest, readStatus, statusField } from './namespaces.js';
import { isSystemUser, mayBeSetUserId } from './system-user.js';

export type ProcFs = typeof nodeFs;

/** Effects of a search, and who gets a warning for processes that were left out: EFBIG, TOO_MANY. */
export interface ProcessSearch {
  readonly fs?: ProcFs;
  readonly uid?: number;
  readonly warn?: Warn | undefined;
}

export function warnInto(warnings: Warning[], provider: string): Warn {
  return ({ code, message: problem }) => void warnings.push({ provider, code, problem });
}

/** What `work` finds; undefined, with a warning, if it throws a DiscoveryError. Nobody is warned of a process in a container: it may have any number. */
export async function orWarn<T>(
  work: () => Promise<T>,
  { authority }: Process,
  warn: Warn,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    if (authority !== 'other') warn(error);
    return undefined;
  }
}

/** What to say of a machine that runs and has no row by a name of its own. */
export function notListed(pid: number, problem: string): DiscoveryError {
  return new DiscoveryError('NOT_LISTED', `pid ${pid}: ${problem}`);
}

/** The same for one of a program that gives its machine no other address. */
export function noDevice({ pid }: Process, program: string): DiscoveryError {
  return notListed(pid, `a virtual machine of ${program} has no vsock device with port 22 for this host`);
}

/** The same for one in a container, whose name people take for the machine's; `address`: its own. */
export function inContainer(
  program: string,
  { pid, inside }: { readonly pid: number; readonly inside: string | undefined },
  address: string | undefined,
): DiscoveryError {
  const where = inside === undefined ? 'in a container' : `in container ${inside}`;
  const how = address === undefined ? 'nothing leads to it from here' : `${address} leads to it`;
  return notListed(
    pid,
    `a virtual machine of ${program} runs ${where}: ${how}, and the container's name only to the container`,
  );
}

/** The processes with such a program name and a trusted owner, within a budget: other programs, and containers, may have any number. */
export async function processesNamed(
  program: RegExp,
  deps: Deps,
  { fs = nodeFs, uid = process.getuid?.(), warn = () => {} }: ProcessSearch = {},
): Promise<readonly Process[]> {
  const { byName, unread } = await allProcesses(deps, fs, uid);
  const named = [...new Set([...byName].flatMap(([name, all]) => (program.test(name) ? all : [])))];
  const tell = (code: string, problem: string) => warn(new DiscoveryError(code, problem));
  if (unread > 0) tell('EFBIG', `${unread} processes were not looked at: ${maxProcesses} are the limit`);
  if (!hasProc(deps)) return named.map((each) => ({ ...each, authority: authorityOf(each.uid, uid) }));
  // The process may have executed another program as another user meanwhile.
  const same = named.filter(({ pid, uid: owner }) => statusOf(pid, deps, fs)?.uid === owner);
  const isStrange = ({ pid, uid: owner }: Process) =>
    (owner === 0 || owner !== uid) && mayBeSetUserId(`${procDir(deps)}/${pid}`, uid);
  const strange = await Promise.all(same.map(isStrange));
  const known = same.filter((_, i) => !strange[i]).sort((a, b) => a.pid - b.pid);
  const isInContainer = containerTest(procDir(deps), fs);
  const all = await Promise.all(
    known.map(async (each): Promise<StartedProcess> => {
      const authority = (await isInContainer(each.pid)) ? 'other' : authorityOf(each.uid, uid);
      return authority === undefined ? each : { ...each, authority };
    }),
  );
  return withinBudget(all, program, { deps, fs, tell });
}

/** All processes of this user and of system users, by the start of their command lines. */
export async function everyProcess(deps: Deps): Promise<readonly StartedProcess[]> {
  const { byName } = await allProcesses(deps, nodeFs, process.getuid?.());
  return [...new Set([...byName.values()].flat())];
}

/** Whether `processesNamed` may find some, or warn. */
export async function runsAny(program: RegExp, deps: Deps): Promise<boolean> {
  const { byName, unread } = await allProcesses(deps, nodeFs, process.getuid?.());
  return unread > 0 || [...byName.keys()].some((name) => program.test(name));
}

/** Reads the rest of long command lines. Those of this host come first, and what a container has takes nothing from them. */
async function withinBudget(
  all: readonly StartedProcess[],
  program: RegExp,
  { deps, fs, tell }: { deps: Deps; fs: ProcFs; tell: (code: string, problem: string) => void },
): Promise<readonly Process[]> {
  const isOther = ({ authority }: Process) => authority === 'other';
  let left = maxOfOwn;
  const whole = async (start: StartedProcess, most: number): Promise<StartedProcess | undefined> => {
    const limit = Math.max(maxStart, Math.min(most, left));
    const read = start.isCut ? await readProcess(start, limit, deps, fs) : start;
    if (read && !isOther(start)) left -= read.argv.reduce((sum, { length }) => sum + length + 1, 0);
    // The pid may be another program's by now.
    return read && namesOf(read).some((name) => program.test(name)) ? read : undefined;
  };
  const [own, others] = [all.filter((each) => !isOther(each)), all.filter(isOther)];
  const started: StartedProcess[] = [];
  for (const each of own) started.push(...toList(await whole(each, maxCommandLine)));
  const mostly = others.slice(0, maxOfOthers);
  for (const each of mostly) started.push(...toList(await whole(each, maxBytesOfOthers)));
  const cut = started.filter(({ isCut }) => isCut);
  const cutHere = cut.filter((each) => !isOther(each)).length;
  if (cutHere > 0)
    tell(
      'EFBIG',
      `${cutHere} of ${own.length} processes are left out: their command lines have more than ${maxCommandLine >> 10} KiB, or ${maxOfOwn >> 20} MiB in all`,
    );
  const leftThere = cut.length - cutHere + others.length - mostly.length;
  if (leftThere > 0)
    tell(
      tooMany,
      `${leftThere} of ${others.length} processes in containers are left out: at most ${maxOfOthers} are looked at, and ${maxBytesOfOthers >> 10} KiB of a command line`,
    );
  return started.filter(({ isCut }) => !isCut).sort((a, b) => a.pid - b.pid);
}

/** A machine as it may be listed: one in a container only by its socket, as its name, UUID and pid could be another machine's. */
export function ofProcess({ authority }: Process, machine: DiscoveredMachine): readonly DiscoveredMachine[] {
  if (authority !== 'other') return [authority === undefined ? machine : { ...machine, authority }];
  const { status, provider, routes } = machine;
  const address = addressOf(machine);
  if (!address?.startsWith('vsock')) return [];
  return [{ name: address, target: address, status, provider, routes, authority }];
}

/** The processes of this user and of system users: anybody can name a process as another user's machine, with an endless command line. */
function allProcesses(deps: Deps, fs: ProcFs, uid: number | undefined): Promise<Processes> {
  const reading = deps.memo?.processes ?? readAll(deps, fs, uid);
  if (deps.memo) deps.memo.processes = reading;
  return reading;
}

async function readAll(deps: Deps, fs: ProcFs, uid: number | undefined): Promise<Processes> {
  if (!hasProc(deps)) return { byName: byProgram(await processesByPs(deps, uid)), unread: 0 };
  const isTrusted = trusting(deps);
  let unread = 0;
  let count = 0;
  const read = async (pid: number): Promise<readonly StartedProcess[]> => {
    const known = statusOf(pid, deps, fs);
    if (known === undefined || (known.uid !== uid && !(await isTrusted(known.uid)))) return [];
    if (++count <= maxProcesses) return toList(await readProcess(known, maxStart, deps, fs));
    unread += 1;
    return [];
  };
  const processes = await fewAtATime(pidsIn(deps, fs), 4, read, deps.signal);
  return { byName: byProgram(processes.flat()), unread };
}

/** This user's own, on macOS. None for root: one may run what another user chose, as sudo. Throws a DiscoveryError. */
export async function processesByPs(
  deps: Deps,
  uid: number | undefined,
  run?: RunTool,
): Promise<readonly Process[]> {
  if (uid === undefined || uid === 0) return [];
  const ask = run ?? (await import('../tools/run-tool.js')).runTool;
  const text = await ask('ps', ['-axww', '-o', 'pid=,uid=,ruid=,args='], deps);
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) (.+)$/gm)].flatMap(([, pid, owner, real, args = '']) =>
    Number(owner) === uid && owner === real ? [{ pid: Number(pid), uid, argv: argvOf(args) }] : [],
  );
}

/** ps joins the arguments by blanks, and paths on a Mac have blanks. An option begins at a blank and a dash, and takes the rest as its value. */
function argvOf(args: string): readonly string[] {
  const [program = '', ...options] = args.trim().split(/ +(?=-)/);
  return [
    program,
    ...options.flatMap((option) => {
      const at = option.indexOf(' ');
      return at < 0 ? [option] : [option.slice(0, at), option.slice(at + 1)];
    }),
  ];
}

type Started = Omit<StartedProcess, 'argv'>;

/** A process by the first `most` bytes of its command line; undefined if it has exited. */
async function readProcess(
  { pid, uid, authority, isSingle = false }: Started,
  most: number,
  deps: Deps,
  fs: ProcFs,
): Promise<StartedProcess | undefined> {
  const bytes = await fs.readMemory(`${procDir(deps)}/${pid}/cmdline`, most).catch(() => undefined);
  const program = programOf(await fs.readlink(`${procDir(deps)}/${pid}/exe`).catch(() => undefined));
  const text = bytes?.toString() ?? '';
  const argv = (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
  if (bytes === undefined || argv[0] === '') return undefined;
  return withoutLoader({ pid, uid, argv, program, authority, isSingle, isCut: bytes.length >= most });
}

/** By its file, which `exec -a` and wrappers leave as it is, and by its command line: the file may be another user's, or an interpreter. */
function namesOf({ argv: [first = ''], program }: StartedProcess): readonly string[] {
  const name = basename(first);
  return program === undefined || program === name ? [name] : [program, name];
}

/** "qemu-kvm" of "/nix/store/…/bin/.qemu-kvm-wrapped", and of one that was replaced since. Of all processes few need a regular expression. */
function programOf(path: string | undefined): string | undefined {
  const name = path && basename(path, ' (deleted)');
  return name?.startsWith('.') ? name.replace(/^\.(.+)-wrapped_*$/, '$1') : name;
}

function toList<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function byProgram(processes: readonly StartedProcess[]): ReadonlyMap<string, readonly StartedProcess[]> {
  const named = processes.flatMap((process) => namesOf(process).map((name) => ({ name, process })));
  const groups = groupBy(named, ({ name }) => name);
  return new Map([...groups].map(([name, all]) => [name, all.map(({ process }) => process)]));
}

function pidsIn(deps: Deps, fs: ProcFs): readonly number[] {
  const threads = kernelThreads(deps, fs);
  const pids = fs.readdir(procDir(deps)).map(Number);
  return pids.filter((pid) => pid > 0 && !threads.has(pid));
}

// The kernel's own, often more than programs: the children of kthreadd, which has neither parent nor memory. Where pid 2
// is another process, as in a container, or the kernel does not list children, `statusOf` recognizes them.
function kernelThreads(deps: Deps, fs: ProcFs): ReadonlySet<number> {
  const kthreadd = `${procDir(deps)}/2`;
  const status = readStatus(`${kthreadd}/status`, fs);
  if (statusField(status, 'PPid') !== '0' || statusField(status, 'VmSize') !== '') return new Set();
  return new Set(readStatus(`${kthreadd}/task/2/children`, fs).split(' ').map(Number));
}

function trusting(deps: Deps): (owner: number) => Promise<boolean> {
  const known = new Map<number, Promise<boolean>>();
  return (owner) => {
    const trusted = known.get(owner) ?? isSystemUser(owner, deps);
    known.set(owner, trusted);
    return trusted;
  };
}

// Not the folder's owner, which is root for a process that forbids core dumps (proc_pid(5)).
function statusOf(pid: number, deps: Deps, fs: ProcFs): Omit<StartedProcess, 'argv'> | undefined {
  const status = readStatus(`${procDir(deps)}/${pid}/status`, fs);
  const owner = statusField(status, 'Uid');
  if (owner === '' || statusField(status, 'Kthread') === '1') return undefined;
  return { pid, uid: Number.parseInt(owner, 10), isSingle: statusField(status, 'Threads') === '1' };
}

// If its own dynamic loader started the program, the program comes after the loader's options.
function withoutLoader(process: StartedProcess): StartedProcess {
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

export function procDir(deps: Deps): string {
  return deps.procDir ?? '/proc';
}

/** Command lines: as many as a kernel allows processes by default (proc_sys_kernel(5), pid_max). */
const maxProcesses = 32_768;

/** Bytes: of each at first, for its name and most of all command lines; of a machine's; and of all machines' of a source. */
const maxStart = 4 << 10;
const maxCommandLine = 1 << 20;
const maxOfOwn = 16 << 20;

/** The code for processes in containers that are left out. */
export const tooMany = 'TOO_MANY';

/** How many in containers are looked at, and bytes for each: libvirt's QEMUs have some 8 KiB. */
const maxOfOthers = 100;
const maxBytesOfOthers = 32 << 10;

/** Reading a process's memory can block forever if its threads wait for a disk, so never on this thread. */
export const nodeFs = {
  readdir: (path: string): readonly string[] => readdirSync(path),
  readlink: async (path: string) => readlinkSync(path),
  readStatus: (path: string) => readTextSync(path),
  readMemory: readStart,
};
