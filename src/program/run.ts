import { type Act, type Command, inCommand, type RawArgs, scanArgs, understand } from '../cli/command.js';
import type { Io } from '../process/io.js';

const tool = (name: string) => async () =>
  (await import('../commands/ssh/ssh.js')).toolCommands.find((command) => command.name === name);

/** Commands that people and scripts run often: each is loaded without commander and without the others. */
const direct = new Map<string, () => Promise<Command<unknown> | undefined>>([
  ['list', async () => (await import('../commands/list/list.js')).list],
  ['check', async () => (await import('../commands/check/check.js')).check],
  ['proxy', async () => (await import('../commands/proxy/proxy.js')).proxy],
  ['nc', async () => (await import('../commands/proxy/nc.js')).nc],
  ['forward', async () => (await import('../commands/forward/forward.js')).forward],
  ['guid', async () => (await import('../commands/windows/guid.js')).guid],
  ['port', async () => (await import('../commands/windows/guid.js')).port],
  ['config install', async () => (await import('../commands/config/install.js')).configInstall],
  ['config refresh', async () => (await import('../commands/config/refresh.js')).configRefresh],
  ['doctor', async () => (await import('../commands/doctor/doctor.js')).doctor],
  ['setup', async () => (await import('../commands/guest/setup.js')).setup],
  ['guest check', async () => (await import('../commands/guest/check.js')).guestCheck],
  ...['ssh', 'scp', 'sftp', 'rsync'].map((name) => [name, tool(name)] as const),
]);

/** Runs the arguments of the program. Resolves to the exit code. Throws a UsageError. */
export async function runCommandLine(
  args: readonly string[],
  io: Io,
  act: Act = (command, raw) => command.run(understand(command, raw, io), io),
): Promise<number> {
  const words = io.program === 'vsock-nc' ? [] : args;
  if (words[0] === 'complete') return completions(words.slice(1), io);
  const { command, rest } = await directly(words);
  const raw = command && rawOf(command, rest);
  if (!command || !raw) return (await import('./program.js')).runWithCommander(args, io, act);
  try {
    return await inCommand(command.name, () => act(command, raw));
  } catch (error) {
    // Of a command that was asked for JSON, it is JSON too.
    const { printFailure } = await import('./json-failure.js');
    printFailure(command, raw, error, io);
    throw error;
  }
}

/** The command that the words begin with, if it is one of these, and what follows it. */
async function directly(words: readonly string[]) {
  const length = direct.has(words.slice(0, 2).join(' ')) ? 2 : 1;
  const command = await direct.get(words.slice(0, length).join(' '))?.();
  return { command, rest: words.slice(length) };
}

/** Undefined for --help and for mistakes, which commander explains. */
function rawOf(command: Command<unknown>, rest: readonly string[]): RawArgs | undefined {
  if ('passThrough' in command) return passedThrough(command.name, rest);
  try {
    return scanArgs(command.options, rest);
  } catch {
    return undefined;
  }
}

/** The arguments of a command that accepts any option of another program: only --help is parsed. */
function passedThrough(name: string, rest: readonly string[]): RawArgs | undefined {
  const [first, second] = rest;
  if (first === undefined || first === '--help') return undefined;
  // rsync's own -h needs operands.
  if (first === '-h' && (name !== 'rsync' || second === undefined)) return undefined;
  return { positionals: rest, options: {} };
}

/** Where the word that is typed belongs to a command, only that command is needed. */
async function completions(args: readonly string[], io: Io): Promise<number> {
  const { printCompletions } = await import('../commands/completion/completion.js');
  const words = args[0] === '--' ? args.slice(1) : args;
  const { command } = await directly(words.slice(0, -1));
  if (command) return printCompletions(args, [command], io);
  const all = await import('./commands.js');
  return printCompletions(args, words.length > 1 ? all.commands : all.commandsOn(io.platform), io);
}
