import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { CommandError, type Io } from '../../cli/command.js';
import { hopOptions, scriptCommand } from '../../connect/via/hop-command.js';
import { patience } from '../../connect/via/patience.js';
import { quote } from '../../errors.js';
import { afterWaiting } from '../../process/after-waiting.js';
import { sshEndsWithUs } from '../../process/end-with-us.js';
import { dropOutput, ended } from '../../process/ended.js';
import { runProgram } from '../../process/run-program.js';
import { sshProgram } from '../../process/ssh-program.js';
import { version } from '../../version.js';
import { type Executable, executableBeside, isBuiltFor } from './executable.js';
import { outcome, type PlaceAnswer, type Placed } from './outcome.js';
import script from './place-there.sh';

/** Milliseconds. */
export interface PlaceLimits {
  /** For the login. */
  readonly loginMs: number;
  /** For the copy and its first run. */
  readonly workMs: number;
}

/** For the connect. Milliseconds. */
const connectMs = 15_000;
/** Of all that is printed, in characters. */
const mostCharacters = 65_536;

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
  const answer = await ask(host, 'push', executable, io, limits);
  if (answer.word !== 'machine') return outcome(host, answer);
  const other = orBeside ? executableBeside(executable.path, answer.rest) : undefined;
  if (other) return outcome(host, await ask(host, 'push', other, io, limits));
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
  return outcome(host, await ask(host, 'remove', undefined, io, limits));
}

function usualLimits({ env }: Io): PlaceLimits {
  return { loginMs: connectMs + patience(env), workMs: 600_000 };
}

async function ask(
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
      if (text.length > mostCharacters) reject(tooMuch(host));
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
