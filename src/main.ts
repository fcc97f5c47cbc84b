import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Command, type Io, inCommand, understand } from './cli/command.js';
import { scanArgs } from './cli/scan-args.js';
import { relayEndedFlag } from './commands/proxy/lasting.js';
import { proxy } from './commands/proxy/proxy.js';
import { isSocket } from './deliver/pass-fd.js';
import { ConnectError, exitCode, exitCodeOf, printable } from './errors.js';
import { loadAddon } from './native.js';
import { selfCommand } from './runtime.js';

/** Runs the program and ends the process: the one place that turns errors into words and an exit code. */
export async function main(program: Io['program']): Promise<never> {
  // Else Windows looks for ssh and others in the current folder first.
  if (process.platform === 'win32') process.env.NoDefaultCurrentDirectoryInExePath = '1';
  const io = processIo(program);
  let code: number;
  try {
    code = await dispatch(process.argv.slice(2), io);
  } catch (error) {
    code = await explained(error, io);
  }
  process.exit(code);
}

/** Says why it failed; where the words for that cannot be loaded, as without a free descriptor, in the system's own. */
async function explained(error: unknown, io: Io): Promise<number> {
  try {
    const { explain } = await import('./cli/message.js');
    return await explain(error, io);
  } catch {
    io.err(`${io.program}: ${printable(error instanceof Error ? error.message : String(error))}\n`);
    return error instanceof ConnectError ? exitCodeOf(error) : exitCode.connect;
  }
}

/** What ssh runs goes a short way that loads nothing else; the rest, --help and mistakes go through commander. */
async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = io.program === 'vsock-nc' ? ['nc', ...args] : args;
  if (args[0] === relayEndedFlag)
    return (await import('./commands/proxy/relay-ended.js')).relayEnded(args.slice(1), io);
  if (name === 'proxy') return fastPath(proxy, rest, args, io);
  if (name === 'nc') return fastPath((await import('./commands/proxy/nc.js')).nc, rest, args, io);
  return (await import('./program/program.js')).runCommandLine(args, io);
}

async function fastPath<O>(
  command: Command<O>,
  rest: readonly string[],
  args: readonly string[],
  io: Io,
): Promise<number> {
  return inCommand(command.name, async () => {
    const raw = scanArgs(command.options, rest);
    if (!raw) return (await import('./program/program.js')).runCommandLine(args, io);
    return command.run(understand(command, raw, io), io);
  });
}

function processIo(program: Io['program']): Io {
  const output = new AbortController();
  return {
    program,
    out: (text) => write(1, text) || output.abort(),
    err: complain,
    terminal: {
      get stdin() {
        return isTerminal(0);
      },
      get stdout() {
        return isTerminal(1);
      },
      get stderr() {
        return isTerminal(2);
      },
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : undefined;
    },
    env: process.env,
    platform: process.platform,
    get self() {
      return selfCommand();
    },
    streams: () => ({ input: process.stdin, output: process.stdout }),
    outputGone() {
      // A socket's peer may have ended its writing only.
      if (!isSocket(1)) {
        const watch = loadAddon().addon?.watchHangup([1]).promise;
        watch?.then(
          () => output.abort(),
          () => {},
        );
      }
      return output.signal;
    },
    interrupted() {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      return controller.signal;
    },
    ignoreInterrupts() {
      process.on('SIGINT', () => {});
    },
  };
}

/** node:tty brings node:net along, 2 ms of a proxy's 20 on Node: loaded by those who ask. */
function isTerminal(fd: number): boolean {
  const tty: typeof import('node:tty') = createRequire(process.execPath)('node:tty');
  return tty.isatty(fd);
}

/** Words that nobody can be given are no failure of their own. */
function complain(text: string): void {
  try {
    write(2, text);
  } catch {}
}

/** Writes all of it now, a full pipe is tried again; false where the reader is gone. */
function write(fd: number, text: string): boolean {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
    }
  }
  return true;
}
