import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { CommandError, type Io } from '../../cli/command.js';
import { hopOptions, scriptCommand } from '../../connect/via/hop-command.js';
import { quote } from '../../errors.js';
import { ended } from '../../process/ended.js';
import { runProgram } from '../../process/run-program.js';
import { sshProgram } from '../../process/ssh-program.js';
import script from './place-there.sh';

/** What happened on a hypervisor. */
export type Placed = 'pushed' | 'same' | 'removed' | 'absent';

/** For the connect. Milliseconds. */
const timeoutMs = 15_000;
/** Of an answer, in characters. */
const longestAnswer = 65_536;

/**
 * Puts the executable `path` into ~/.local/bin of a hypervisor, whole or not at all, or removes what was put there. ssh may
 * ask its user. Throws a CommandError.
 */
export async function place(
  host: string,
  action: 'push' | 'remove',
  path: string | undefined,
  io: Io,
): Promise<Placed> {
  const hash = path === undefined ? '' : await hashOf(path, io);
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const there = scriptCommand(script, [marker, action, hash]);
  const [program = '', ...args] = [...sshProgram(io), ...hopOptions(timeoutMs), '--', host, there];
  const input = openSync(path ?? '/dev/null', 'r');
  try {
    const child = spawn(program, args, { env: { ...io.env }, stdio: [input, 'pipe', 'inherit'] });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      if (text.length < longestAnswer) text += more;
    });
    const { code } = await ended(child).catch((error: Error) => {
      throw new CommandError('NO_SSH', `ssh could not be run: ${error.message}`);
    });
    const [, word = '', rest = ''] = new RegExp(`^${marker} (\\S+) ?(.*)$`, 'm').exec(text) ?? [];
    return outcome(host, word, rest, code);
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

function outcome(host: string, word: string, rest: string, code: number | null): Placed {
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
      throw new CommandError(
        'UNSUPPORTED',
        `${host} is ${quote(rest)}, and this program is for Linux x86_64`,
      );
    case 'missing':
      throw new CommandError('NO_TOOL', `${host} has no ${rest}`, 'install coreutils and grep there');
    case 'unusable':
      throw new CommandError(
        'NOT_RUN',
        `vmssh does not run on ${host}, and is not left there: ${quote(rest.slice(0, 300))}`,
      );
    case 'broken':
      throw new CommandError('BROKEN', `the program did not arrive whole on ${host}, and is not left there`);
    case 'failed':
      throw new CommandError('FAILED', `~/.local/bin on ${host} cannot be changed; why is above`);
    default:
      throw new CommandError(
        'HOP_FAILED',
        `ssh to ${host} failed (exit code ${code ?? 'none'}); why is above`,
        `it must work without vmssh: ssh ${host} true`,
      );
  }
}
