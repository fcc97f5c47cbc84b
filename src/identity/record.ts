import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Endpoint } from '../endpoint.js';
import { isNamed } from '../kinds/kinds.js';
import type { TypedTarget } from '../kinds/parse.js';
import { ownFolders } from '../sources/own-env.js';
import { stateHome } from '../sources/own-folders.js';
import type { DiscoveredMachine } from '../sources/provider.js';
import { isJsonObject, parseJson } from '../sources/tools/json.js';

/** What a proxy has reached: ssh asks for the host key later, by another program of ours. */
export interface ReachedRecord {
  /** The target, as typed. */
  readonly text: string;
  /** The machine, as the source that has it says; undefined for an address. */
  readonly machine?: ReachedMachine;
  /** Of an address whose machine nobody was asked for yet. */
  readonly address?: Endpoint;
  /** The key of the sshd that was brought into it for this login, and of no other. */
  readonly brought?: { readonly type: string; readonly key: string };
}

/** What is recorded of the machine. */
export interface ReachedMachine
  extends Pick<DiscoveredMachine, 'provider' | 'name' | 'target' | 'uuid' | 'authority' | 'via'> {
  /** 64 hexadecimal digits. */
  readonly containerId?: string;
  /** The address of its Podman or Docker, if the manager's command does not go there by itself. */
  readonly containerUrl?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The folders that may hold records, best first; the proc file system, and who asks: this process. */
export interface RecordPlace {
  readonly folders: Iterable<string>;
  readonly procDir?: string;
  readonly uid?: number;
  readonly by?: Readonly<Pick<NodeJS.Process, 'pid' | 'ppid'>>;
}

/**
 * The folders for what a proxy leaves to the ssh that started it, best first: this user's own, which ends with the session, and a lasting
 * one. Without both, as by `sudo -E`, that of /run. No account is looked up: each login waits for this.
 */
export function recordFolders(env: Env): Iterable<string> {
  return { [Symbol.iterator]: () => foldersFor(env) };
}

/** The first is mostly enough: nothing is looked at for the others. */
function* foldersFor(env: Env): Generator<string, void> {
  const uid = process.getuid?.() ?? 0;
  const { XDG_RUNTIME_DIR = '' } = ownFolders(env, ['XDG_RUNTIME_DIR'], uid);
  if (isAbsolute(XDG_RUNTIME_DIR)) yield join(XDG_RUNTIME_DIR, 'vmssh');
  const own = ownFolders(env, ['HOME', 'XDG_STATE_HOME'], uid);
  const state = stateHome(own, own.HOME ?? '');
  if (isAbsolute(state)) yield join(state, 'vmssh/reached');
  yield join(uid === 0 ? '/run' : `/run/user/${uid}`, 'vmssh');
}

/**
 * Leaves what was reached for the ssh that started this process. Throws a system error if no folder can be used. `now` in milliseconds:
 * nobody reads a record that is ten minutes old.
 */
export function leaveRecord(
  reached: ReachedRecord,
  { folders, procDir, uid, by = process }: RecordPlace,
  now: number = Date.now(),
): void {
  const name = recordName(by.ppid, procDir);
  let failure: unknown;
  for (const folder of folders)
    try {
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      checkOwn(lstatSync(folder), uid);
      if (by.pid % sweepEach === 0) removeStale(folder, now);
      writeOwn(join(folder, name), JSON.stringify(reached));
      return;
    } catch (error) {
      failure = error;
    }
  throw failure;
}

/** What was left for the ssh that started this process; undefined: nothing. `take`: it is not needed again. */
export function readRecord(
  { folders, procDir, uid, by = process }: RecordPlace,
  take: boolean,
): ReachedRecord | undefined {
  const name = recordName(by.ppid, procDir);
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      checkOwn(lstatSync(folder), uid);
      const reached = parseRecord(readOwn(path, uid));
      if (take) removeIfThere(path);
      if (reached) return reached;
    } catch {}
  }
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

/** What is recorded of a machine that a source has found. */
export function reachedMachine(machine: DiscoveredMachine): ReachedMachine {
  const { provider, name, target, uuid, authority, via, container } = machine;
  return {
    provider,
    name,
    target,
    uuid,
    authority,
    via,
    containerId: container?.id,
    containerUrl: container?.url,
  };
}

/** By ssh's pid and start time, as another process may get the pid later; "0" if ssh has ended or cannot be seen. */
function recordName(ssh: number, procDir = '/proc'): string {
  const text = statText(ssh, procDir);
  // Field 22 of proc(5), in ticks. The second is the name, which may have blanks and brackets in it.
  let start = text.lastIndexOf(')') + 2;
  for (let field = 3; field < 22; ++field) start = text.indexOf(' ', start) + 1;
  return `ssh-${ssh}-${text.slice(start, text.indexOf(' ', start)) || '0'}`;
}

/** A record is some hundred bytes. */
const maxRecord = 1 << 14;

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
    if (/^ssh-\d+-\d+$/.test(name) && isOld(join(folder, name), now)) removeIfThere(join(folder, name));
}

function isOld(path: string, now: number): boolean {
  try {
    return Math.abs(now - lstatSync(path).mtimeMs) > maxAge;
  } catch {
    return false;
  }
}

// On Node rmSync loads a module more.
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

/** Some 300 bytes, in one piece. "" if there is none. */
function statText(pid: number, procDir: string): string {
  let file: number | undefined;
  try {
    file = openSync(`${procDir}/${pid}/stat`, constants.O_RDONLY);
    const bytes = Buffer.alloc(maxStat);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const maxStat = 2048;
