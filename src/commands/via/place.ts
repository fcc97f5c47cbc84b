import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { CommandError, type Io } from '../../cli/command.js';
import { hopOptions, scriptCommand } from '../../connect/via/hop-command.js';
import { quote } from '../../errors.js';
import { ended } from '../../process/ended.js';
import { runProgram } from '../../process/run-program.js';
import { sshProgram } from '../../process/ssh-program.js';
import { version } from '../../version.js';
import { type Executable, executableBeside, isBuiltFor } from './executable.js';
import { outcome, type PlaceAnswer, type Placed } from './outcome.js';
import script from './place-there.sh';

/** For the connect. Milliseconds. */
const timeoutMs = 15_000;
/** Of an answer, in characters. */
const longestAnswer = 65_536;

/**
 * Puts an executable into ~/.local/bin of a hypervisor, whole or not at all. With `orBeside` a hypervisor of another system gets the one
 * for it beside this one, if there is one: then ssh may ask its user twice. Throws a CommandError.
 */
export async function push(host: string, executable: Executable, orBeside: boolean, io: Io): Promise<Placed> {
  const answer = await ask(host, 'push', executable, io);
  if (answer.word !== 'machine') return outcome(host, answer);
  const other = orBeside ? executableBeside(executable.path, answer.rest) : undefined;
  if (other) return outcome(host, await ask(host, 'push', other, io));
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
export async function remove(host: string, io: Io): Promise<Placed> {
  return outcome(host, await ask(host, 'remove', undefined, io));
}

async function ask(
  host: string,
  action: 'push' | 'remove',
  executable: Executable | undefined,
  io: Io,
): Promise<PlaceAnswer> {
  const own = executable ? [await hashOf(executable.path, io), executable.system, version] : ['', '', ''];
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const there = scriptCommand(script, [marker, action, ...own]);
  const [program = '', ...args] = [...sshProgram(io), ...hopOptions(timeoutMs), '--', host, there];
  const input = openSync(executable?.path ?? '/dev/null', 'r');
  try {
    const child = spawn(program, args, { env: { ...io.env }, stdio: [input, 'pipe', 'inherit'] });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      if (text.length < longestAnswer) text += more;
    });
    const { code } = await ended(child).catch((error: Error) => {
      throw new CommandError('NO_SSH', `ssh could not be run: ${error.message}`);
    });
    const [, word = '', rest = ''] = new RegExp(`${marker} (\\S+) ?(.*)$`, 'm').exec(text) ?? [];
    return { word, rest, code };
  } finally {
    closeSync(input);
  }
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
