import { fstatSync, readSync } from 'node:fs';
import { win32 } from 'node:path';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { ConnectError, exitCode, exitCodeOf, printable, quote } from '../base/errors.js';
import { isOutOfMemory } from '../base/native.js';
import { selfCommand } from '../base/runtime.js';
import { type Command, inCommand, scanArgs, UsageError, understand } from '../cli/command.js';
import { systemFailure } from '../connect/failures/failure.js';
import { out, outputGone, printError } from '../deliver/output.js';
import type { Io } from '../process/io.js';
import { quietShell, skipRelativeFolders } from '../process/program-in-path.js';
import { runtimeFolderOf } from '../sources/trusted-path.js';

/** Runs the program and ends the process: the one place that turns errors into a message and an exit code. */
export async function main(program: Io['program']): Promise<never> {
  // Otherwise Windows looks for ssh and other programs in the current folder first.
  if (process.platform === 'win32') {
    process.env.NoDefaultCurrentDirectoryInExePath = '1';
    (await import('../process/terminate.js')).exitOnCtrlC();
  }
  skipRelativeFolders(process.env, process.platform);
  if (process.platform !== 'win32' && !process.env.HOME) {
    // As in a systemd service without User=. What vmssh and its tools look for is where ssh has its files.
    const home = (await import('../ssh/folder.js')).ownAccount()?.home;
    if (home) process.env.HOME = home;
  }
  if (process.platform === 'linux') {
    const folder = runtimeFolderOf(process.env, process.getuid?.() ?? 0);
    if (folder !== undefined) process.env.XDG_RUNTIME_DIR = folder;
  }
  // A proxy was started by it.
  const isProxy = process.argv[2] === 'proxy';
  const usersShell = isProxy ? {} : quietShell(process.env, process.platform);
  const io = processIo(program, usersShell);
  let code: number;
  try {
    code = await dispatch(process.argv.slice(2), io);
  } catch (error) {
    // What Ctrl-C ended may say that something did not answer.
    const cause = stopped?.aborted ? stopped.reason : error;
    code = await reportError(cause, process.argv.slice(2), io);
  }
  process.exit(code);
}

/** Prints why it failed; the plain error if cli/rows.ts cannot be loaded, as without a free descriptor or memory. */
async function reportError(error: unknown, [name]: readonly string[], io: Io): Promise<number> {
  try {
    const [{ explain }, { tools }] = await Promise.all([
      import('../cli/rows.js'),
      import('../ssh/split-args.js'),
    ]);
    const code = await explain(await ofLines(error, name, io), io);
    // As ssh: 1 to 254 would be the remote command's, or rsync's own.
    const isTool = io.program === 'vmssh' && tools.some((tool) => tool === name);
    return isTool && code !== exitCode.interrupted ? exitCode.noLogin : code;
  } catch {
    const { message, hint } = error instanceof Error ? systemFailure(error) : { message: String(error) };
    io.err(`${io.program}: ${isOutOfMemory(error) ? 'not enough memory' : printable(message)}\n`);
    if (hint !== undefined) io.err(`hint: ${hint}\n`);
    return error instanceof ConnectError ? exitCodeOf(error) : exitCode.connect;
  }
}

/** What is not understood in a line for ssh is another version's: which one wrote it. */
async function ofLines(error: unknown, name: string | undefined, { env, platform }: Io): Promise<unknown> {
  if (!(error instanceof UsageError) || (name !== 'proxy' && name !== 'host-key')) return error;
  const [{ stateFile, writerOf }, { readText }, { version }] = await Promise.all([
    import('../book/state.js'),
    import('../files/read-file.js'),
    import('../base/version.js'),
  ]);
  const writer = writerOf(await readText(stateFile(env, platform)).catch(() => ''));
  if (writer === undefined || writer === version) return error;
  const lines = `the lines for ssh are of vmssh ${writer}, and this is vmssh ${version}`;
  return new UsageError(error.message, `${lines}: vmssh config install writes them again`);
}

/** What ssh runs takes a fast path that loads nothing else; the rest, --help and mistakes go through commander. */
async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const { USERPROFILE: profile } = io.env;
  if (io.platform === 'win32' && profile && !win32.isAbsolute(profile))
    throw new UsageError(`USERPROFILE is ${quote(profile)}, which is not an absolute path`);
  if (args.some((arg) => arg.includes('\ufffd'))) await refuseOtherBytes(args, io);
  const [name, ...rest] = io.program === 'vsock-nc' ? ['nc', ...args] : args;
  if (name === 'proxy') return fastPath((await import('../commands/proxy/proxy.js')).proxy, rest, args, io);
  if (name === 'host-key')
    return fastPath((await import('../commands/proxy/host-key.js')).hostKey, rest, args, io);
  if (name === 'host-keys')
    return fastPath((await import('../commands/proxy/host-keys.js')).hostKeys, rest, args, io);
  const asksVersion = args.some((arg) => arg === '--version' || arg === '-V');
  if (args.length === 1 && asksVersion) {
    io.out(`${(await import('../base/version.js')).version}\n`);
    return exitCode.ok;
  }
  if (args.length === 2 && asksVersion && args.includes('--json')) {
    const { formatJson } = await import('../cli/json.js');
    io.out(formatJson((await import('../cli/about.js')).versionJson()));
    return exitCode.ok;
  }
  if (name === 'nc') return fastPath((await import('../commands/proxy/nc.js')).nc, rest, args, io);
  return (await import('./run.js')).runCommandLine(args, io);
}

/** Throws a UsageError if something of an argument was replaced: ssh would get another one. */
async function refuseOtherBytes(args: readonly string[], { platform }: Io): Promise<void> {
  // Whether U+FFFD was typed cannot be told there.
  if (platform === 'win32')
    throw new UsageError(
      `the argument ${quote(args.find((arg) => arg.includes('\ufffd')) ?? '')} holds U+FFFD or half of a surrogate pair, which is no character`,
      'rename the file, or name the machine by its id: vmssh list -i',
    );
  const { otherBytes } = await import('../process/non-utf8.js');
  const broken = otherBytes('/proc/self/cmdline', args);
  if (broken === undefined) return;
  throw new UsageError(
    `the argument ${quote(broken)} holds bytes that are not UTF-8, which Node cannot pass on`,
    'rename the file, or use the executable, which takes any bytes: npm run build:exe',
  );
}

function fastPath<O>(command: Command<O>, rest: readonly string[], args: readonly string[], io: Io) {
  return inCommand(command.name, () => {
    const raw = scanArgs(command.options, rest);
    if (raw) return command.run(understand(command, raw, io), io);
    return import('./run.js').then(({ runCommandLine }) => runCommandLine(args, io));
  });
}

/** What is the same in each run is made once: in the executable when it is built. */
const terminal: Io['terminal'] = {
  get stdin() {
    return isatty(0);
  },
  get stdout() {
    return isatty(1);
  },
  get stderr() {
    return isatty(2);
  },
};

function processIo(program: Io['program'], usersShell: Io['usersShell']): Io {
  const parent = process.ppid;
  return {
    program,
    out,
    err: (text) => printError(text, parent),
    terminal,
    get columns() {
      return isatty(1) ? process.stdout.columns || undefined : undefined; // 0 where nobody set a size
    },
    get errColumns() {
      return isatty(2) ? process.stderr.columns || undefined : undefined;
    },
    env: process.env,
    usersShell,
    platform: process.platform,
    get self() {
      return selfCommand();
    },
    streams: () => ({ input: standardInput(), output: process.stdout }),
    outputGone,
    interrupted,
    ignoreInterrupts: () => void process.on('SIGINT', () => {}),
  };
}

let stopped: AbortSignal | undefined;

function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  stopped = controller.signal;
  return stopped;
}

/** Stdin as a stream. Throws EISDIR if it is a folder, whose stream in Node just ends. */
function standardInput(): Readable {
  if (process.platform !== 'win32' && fstatSync(0).isDirectory()) readSync(0, Buffer.alloc(1));
  return process.stdin;
}
