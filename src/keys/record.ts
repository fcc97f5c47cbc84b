import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Env } from '../base/runtime.js';
import { isNamed, type TypedTarget } from '../kinds/kinds.js';
import { type DiscoveredMachine, type ReachedMachine, reachedMachine } from '../sources/source.js';
import { isJsonObject, parseJson } from '../sources/tools/json.js';
import { ownFolders } from '../sources/trusted-env.js';
import { isPrivateFolder, stateHome } from '../sources/trusted-path.js';
import type { ShownKey } from '../ssh/known-hosts.js';
import type { Endpoint } from '../typed/route.js';

/** What a proxy has reached: ssh asks for the host key later, by another program of ours. */
export interface ReachedRecord {
  /** The target, as typed. */
  readonly text: string;
  /** The machine, as the source that has it says; undefined for an address. */
  readonly machine?: ReachedMachine;
  /** Of an address whose machine nobody was asked for yet. */
  readonly address?: Endpoint;
  /** Of an address: the sources that may know whose it is, and did not answer. */
  readonly silent?: readonly string[];
  /** Of one behind a hypervisor that said so at this login: the host keys that are read there, none if nobody can. */
  readonly hostKeys?: readonly string[];
  /** The key of the sshd that was brought into it for this login, and of no other. */
  readonly brought?: ShownKey;
}

/** The folders that may hold records, best first; the proc file system, and who asks: this process. */
export interface RecordPlace {
  readonly folders: Iterable<string>;
  readonly procDir?: string;
  readonly uid?: number;
  readonly by?: Readonly<Pick<NodeJS.Process, 'pid' | 'ppid'>>;
}

const lasting = 'reached';

/** Removes what is left of logins in `state`, vmssh's folder of what lasts. */
export function removeRecords(state: string): void {
  const folder = join(state, lasting);
  try {
    within(openFolder(folder), undefined, (path) => removeStale(path, Number.POSITIVE_INFINITY));
    rmdirSync(folder);
  } catch {}
}

/**
 * The folders for what a proxy leaves to the ssh that started it, best first: this user's own, which ends with the
 * session, and a lasting one. Without both, as by `sudo -E`, that of /run. The first is mostly enough: nothing is
 * looked at for the others, and no account.
 */
export function recordFolders(env: Env): Iterable<string> {
  return { [Symbol.iterator]: () => foldersFor(env) };
}

function* foldersFor(env: Env): Generator<string, void> {
  const uid = process.getuid?.() ?? 0;
  const { XDG_RUNTIME_DIR: session = '' } = env;
  if (isAbsolute(session) && isPrivateFolder(session, uid)) yield join(session, 'vmssh');
  const own = ownFolders(env, ['HOME', 'XDG_STATE_HOME'], uid);
  const state = stateHome(own, own.HOME ?? '');
  if (isAbsolute(state)) yield join(state, 'vmssh', lasting);
  yield join(uid === 0 ? '/run' : `/run/user/${uid}`, 'vmssh');
}

/** Leaves what was reached for the ssh that started this process. Throws if no folder can be used, and where processes cannot be told apart. `now` in milliseconds. */
export function leaveRecord(reached: ReachedRecord, place: RecordPlace, now: number = Date.now()): void {
  const { folders, procDir, uid, by = process } = place;
  const name = recordName(by, procDir);
  let failure: unknown;
  for (const folder of folders)
    try {
      within(openOrMake(folder), uid, (path) => {
        if (by.pid % sweepEach === 0) removeStale(path, now);
        writeOwn(`${path}/${name}`, JSON.stringify(reached));
      });
      return;
    } catch (error) {
      failure ??= error;
    }
  throw failure;
}

/** What was left for the ssh that started this process; undefined: nothing. `take`: it is not needed again. */
export function readRecord(place: RecordPlace, take: boolean): ReachedRecord | undefined {
  const { folders, procDir, uid, by = process } = place;
  for (const folder of folders)
    try {
      const name = recordName(by, procDir);
      const reached = within(openFolder(folder), uid, (path) => {
        const text = readOwn(`${path}/${name}`, uid);
        if (take) removeIfThere(`${path}/${name}`);
        return parseRecord(text);
      });
      if (reached) return reached;
    } catch {}
  return undefined;
}

/** What is recorded of what was reached. An address of this host is left as it is: whose it is, is looked up when ssh asks. */
export function recordOf(
  { text, target }: TypedTarget,
  machine: DiscoveredMachine | undefined,
  endpoint: Endpoint | undefined,
): ReachedRecord {
  const address = isNamed(target) || endpoint?.family === 'via' ? undefined : endpoint;
  return { text, machine: address || !machine ? undefined : reachedMachine(machine), address };
}

// By ssh's pid namespace, pid and start time, as each namespace has such a pid, and another process may get it later;
// "0" if ssh has ended. Throws if /proc shows another namespace, whose pids mean other processes.
function recordName({ pid, ppid: ssh }: NonNullable<RecordPlace['by']>, procDir = '/proc'): string {
  if (orIfThrown('', () => readlinkSync(`${procDir}/self`)) !== `${pid}`)
    throw new Error('/proc is not that of this pid namespace');
  // "pid:[4026531836]"
  const namespace = readlinkSync(`${procDir}/self/ns/pid`).slice('pid:['.length, -1);
  const text = orIfThrown('', () => readFileSync(`${procDir}/${ssh}/stat`, 'latin1'));
  // Field 22 of proc(5), in ticks. The second is the name, which may have blanks and brackets in it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  return `ssh-${namespace}-${ssh}-${fields[22 - 3] ?? '0'}`;
}

function openFolder(folder: string): number {
  return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function openOrMake(folder: string): number {
  try {
    return openFolder(folder);
  } catch {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openFolder(folder);
  }
}

/** Works in the folder that was opened, by a path that is its own whatever becomes of its name. Closes it. Throws if others may write there. */
function within<T>(folder: number, uid: number | undefined, work: (path: string) => T): T {
  try {
    checkOwn(fstatSync(folder), uid);
    return work(`/proc/self/fd/${folder}`);
  } finally {
    closeSync(folder);
  }
}

/** What `look` returns; `otherwise` if it throws. */
function orIfThrown<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** A record is some hundred bytes, and has up to 16 kB of host keys. */
const maxRecord = 1 << 15;

// Not by a rename: each login waits for this, and ssh asks only after it. What is no ssh may start several proxies at once: the last one counts.
function writeOwn(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
  let file: number;
  try {
    file = openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  } catch {
    removeIfThere(path);
    file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  }
  try {
    writeSync(file, Buffer.from(text));
  } finally {
    closeSync(file);
  }
}

function readOwn(path: string, uid: number | undefined): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > maxRecord) throw new RangeError('it is no record');
    checkOwn(stats, uid);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

// Nobody else may have said what was reached.
function checkOwn(stats: { readonly uid: number; readonly mode: number }, uid = process.getuid?.()): void {
  if (stats.uid !== uid || (stats.mode & 0o077) !== 0)
    throw Object.assign(new Error('EACCES: others may write there'), { code: 'EACCES' });
}

function parseRecord(text: string): ReachedRecord | undefined {
  const json = parseJson(text);
  if (!isJsonObject(json) || typeof json.text !== 'string') return undefined;
  return json as unknown as ReachedRecord;
}

/** Of so many logins one looks for old ones: a look at a thousand takes as long as a login. */
const sweepEach = 16;

/** A login that has not asked for its key in this time never will. Milliseconds. */
const maxAge = 600_000;

// An ssh without the command, and what is no ssh, leave theirs.
function removeStale(folder: string, now: number): void {
  for (const name of readdirSync(folder))
    if (/^ssh(-\d+){2,3}$/.test(name) && isOld(join(folder, name), now)) removeIfThere(join(folder, name));
}

function isOld(path: string, now: number): boolean {
  return orIfThrown(false, () => Math.abs(now - lstatSync(path).mtimeMs) > maxAge);
}

// On Node rmSync loads a module more.
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}
