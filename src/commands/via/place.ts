import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CommandError, type Io } from '../../cli/command.js';
import { hopOptions, patience, scriptCommand } from '../../connect/via/hop-command.js';
import { quote } from '../../errors.js';
import { afterWaiting } from '../../process/after-waiting.js';
import { dropOutput, ended, sshEndsWithUs } from '../../process/ending.js';
import { runProgram } from '../../process/run-program.js';
import { sshProgram } from '../../process/ssh-program.js';
import { version } from '../../version.js';
import script from './place-there.sh';

/** Milliseconds. */
interface PlaceLimits {
  /** For the login. */
  readonly loginMs: number;
  /** For the copy and its first run. */
  readonly workMs: number;
}

/** For the connect. Milliseconds. */
const connectMs = 15_000;
/** Of all that is printed, in characters. */
const maxCharacters = 65_536;

/**
 * Puts an executable into ~/.local/bin of a hypervisor, whole or not at all. With `orBeside` a hypervisor of another system gets the one
 * for it beside this one, if there is one: then ssh may ask its user twice. Throws a CommandError.
 */
export async function push(
  host: string,
  executable: Executable,
  orBeside: boolean,
  io: Io,
  limits = usualLimits(io),
): Promise<Placed> {
  const answer = await askHost(host, 'push', executable, io, limits);
  if (answer.word !== 'machine') return outcome(host, answer);
  const other = orBeside ? executableBeside(executable.path, answer.rest) : undefined;
  if (other) return outcome(host, await askHost(host, 'push', other, io, limits));
  const { path, system } = executable;
  throw new CommandError(
    'UNSUPPORTED',
    `${host} is ${quote(answer.rest)}, and ${quote(path)} is for ${system}`,
    isBuiltFor(answer.rest)
      ? `take vmssh ${version} from a package for it: vmssh via push --executable FILE ${host}`
      : 'no vmssh is built for it; python3, socat or ncat there is enough for ssh via/HOST/…',
  );
}

/** Removes what was put there. ssh may ask its user. Throws a CommandError. */
export async function remove(host: string, io: Io, limits = usualLimits(io)): Promise<Placed> {
  return outcome(host, await askHost(host, 'remove', undefined, io, limits));
}

function usualLimits({ env }: Io): PlaceLimits {
  return { loginMs: connectMs + patience(env), workMs: 600_000 };
}

async function askHost(
  host: string,
  action: 'push' | 'remove',
  executable: Executable | undefined,
  io: Io,
  limits: PlaceLimits,
): Promise<PlaceAnswer> {
  const own = executable ? [await hashOf(executable.path, io), executable.system, version] : ['', '', ''];
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const there = scriptCommand(script, [marker, action, ...own]);
  const [program = '', ...args] = [...sshProgram(io), ...hopOptions(connectMs), '--', host, there];
  const input = openSync(executable?.path ?? '/dev/null', 'r');
  const { child, release } = sshEndsWithUs(() =>
    spawn(program, args, { env: { ...io.env }, stdio: [input, 'pipe', 'inherit'] }),
  );
  try {
    return await answerOf(child, host, marker, limits);
  } finally {
    child.kill();
    dropOutput(child);
    release();
    closeSync(input);
  }
}

/** Throws a CommandError if the program is too slow, prints too much or could not be started. */
async function answerOf(
  child: ChildProcess,
  host: string,
  marker: string,
  limits: PlaceLimits,
): Promise<PlaceAnswer> {
  let text = '';
  let callOff = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const late = () => reject(tooLate(host));
    callOff = afterWaiting(limits.loginMs, late);
    let isThere = false;
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.length > maxCharacters) reject(tooMuch(host));
      if (isThere || !text.includes(`${marker} here\n`)) return;
      isThere = true;
      callOff();
      callOff = afterWaiting(limits.workMs, late);
    });
  });
  const end = ended(child).catch((error: Error) => {
    throw new CommandError('NO_SSH', `ssh could not be run: ${error.message}`);
  });
  const { code } = await Promise.race([end, stopped]).finally(() => callOff());
  const [, word = '', rest = ''] = new RegExp(`${marker} (?!here$)(\\S+) ?(.*)$`, 'm').exec(text) ?? [];
  return { word, rest, code };
}

function tooLate(host: string): CommandError {
  const hint = `see how far it comes: ssh -v ${host} true`;
  return new CommandError('HOP_SILENT', `${host} gave no answer in time`, hint);
}

function tooMuch(host: string): CommandError {
  const hint = `it must print nothing of its own: ssh ${host} true`;
  return new CommandError('HOP_NO_SHELL', `${host} printed more than an answer`, hint);
}

// In the executable a hash of megabytes would take its own JavaScript half a minute.
async function hashOf(path: string, { env }: Io): Promise<string> {
  const { stdout, code } = await runProgram(['sha256sum', '--', path], { env }).catch(() => ({
    stdout: '',
    code: 1,
  }));
  const [hash] = /[0-9a-f]{64}/.exec(stdout) ?? [];
  if (code === 0 && hash !== undefined) return hash;
  throw new CommandError('NO_TOOL', `sha256sum could not read ${quote(path)}`, 'install coreutils here');
}

/** What happened on a hypervisor. */
export type Placed = 'pushed' | 'same' | 'removed' | 'absent';

/** What place-there.sh answered there. */
interface PlaceAnswer {
  readonly word: string;
  readonly rest: string;
  /** The exit code of ssh. */
  readonly code: number | null;
}

/** Throws a CommandError if it is no success. */
function outcome(host: string, { word, rest, code }: PlaceAnswer): Placed {
  switch (word) {
    case 'pushed':
    case 'same':
    case 'removed':
    case 'absent':
      return word;
    case 'foreign':
      throw new CommandError(
        'FOREIGN',
        `${host} has a ~/.local/bin/vmssh that vmssh via push did not put there`,
        `look at it: ssh ${host} ls -l .local/bin/vmssh`,
      );
    case 'machine':
      throw new CommandError('UNSUPPORTED', `${host} is ${quote(rest)} now, and was not at the login before`);
    case 'missing':
      throw new CommandError('NO_TOOL', `${host} has no ${rest}`, 'install coreutils and grep there');
    case 'unusable':
      throw new CommandError(
        'NOT_RUN',
        `vmssh does not run on ${host}, and was not kept there: ${quote(rest.slice(0, 300))}`,
      );
    case 'version':
      throw new CommandError(
        'OTHER_VERSION',
        `the program says ${quote(rest.slice(0, 300))} on ${host}, but this is vmssh ${version}: it was not kept there`,
        'use the same release on both',
      );
    case 'broken':
      throw new CommandError(
        'BROKEN',
        `the program did not arrive complete on ${host}, and was not kept there`,
      );
    case 'failed':
      throw new CommandError('FAILED', `~/.local/bin on ${host} cannot be changed; the reason is above`);
    default:
      throw new CommandError(
        'HOP_FAILED',
        `ssh to ${host} failed (exit code ${code ?? 'none'}); the reason is above`,
        `it must work without vmssh: ssh ${host} true`,
      );
  }
}

/** A program that can be put on a hypervisor. */
interface Executable {
  readonly path: string;
  /** What `uname -sm` says where it runs. */
  readonly system: System;
}

type System = (typeof systems)[number]['system'];

/** What vmssh is built for. `elf`: the machine in the head of an ELF file, of elf(5). */
const systems = [
  { system: 'Linux x86_64', elf: 62, target: 'linux-x64' },
  { system: 'Linux aarch64', elf: 183, target: 'linux-arm64' },
] as const;

/** The program at `path`, by the head of its file. Throws a CommandError if it cannot be read, or is for none of these systems. */
export function executableAt(path: string): Executable {
  const head = Buffer.alloc(20);
  try {
    // A FIFO is not waited for.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (fstatSync(file).isFile()) readSync(file, head);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new CommandError(code, `${quote(path)} cannot be read: ${code}`);
  }
  // 64 bits, little-endian; what it was made for is at byte 18.
  const isElf = head.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
  const found = systems.find(({ elf }) => isElf && head[18] === elf && head[19] === 0);
  if (found) return { path, system: found.system };
  throw new CommandError(
    'NOT_EXECUTABLE',
    `${quote(path)} is not a program for ${systems.map(({ system }) => system).join(' or ')}`,
    'expected the file vmssh of a package of vmssh',
  );
}

/** Whether there is a vmssh for a system, by what `uname -sm` says there. */
function isBuiltFor(system: string): boolean {
  return systems.some((each) => each.system === system);
}

/**
 * The executable for another system that the build, or npm, put next to our own: dist/linux-arm64 next to dist/linux-x64, and npm's packages
 * vmssh-linux-arm64. Undefined if there is none, or one of another user.
 */
function executableBeside(own: string, system: string): Executable | undefined {
  const target = systems.find((each) => each.system === system)?.target;
  for (const path of target === undefined ? [] : placesBeside(own, target)) {
    try {
      const { uid } = statSync(path);
      if (uid !== 0 && uid !== statSync(own).uid) continue;
      const executable = executableAt(path);
      if (executable.system === system) return executable;
    } catch {}
  }
  return undefined;
}

function placesBeside(own: string, target: string): readonly string[] {
  const folder = dirname(realpathSync(own));
  const [, prefix] = /^(|vmssh-)linux-(?:x64|arm64)$/.exec(basename(folder)) ?? [];
  if (prefix === undefined) return [];
  const name = `${prefix}${target}/vmssh`;
  // npm -g puts what vmssh asks for into its own node_modules, and what is asked for by itself next to vmssh.
  const isOfVmssh = /[\\/]vmssh[\\/]node_modules$/.test(dirname(folder));
  return [join(folder, '..', name), ...(isOfVmssh ? [join(folder, '../../..', name)] : [])];
}
