import { type Act, type Command, inCommand, type RawArgs, scanArgs, understand } from '../cli/command.js';
import { exitCode } from '../errors.js';
import type { Io } from '../process/io.js';

const tool = (name: string) => async () =>
  (await import('../commands/ssh/ssh.js')).toolCommands.find((each) => each.name === name);

/** Commands that people and scripts run often: each is loaded without the others. */
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
  const words = io.program === 'vsock-nc' ? ['nc', ...args] : args;
  if (words[0] === 'complete') return completions(words.slice(1), io);
  const { command, rest } = await commandOf(words, true);
  if (!command) return (await import('./help.js')).withoutCommand(args, io);
  try {
    return await inCommand(command.name, async () => {
      const raw =
        'passThrough' in command ? passedThrough(command.name, rest) : scanArgs(command.options, rest);
      if (raw) return act(command, raw);
      io.out((await import('./help.js')).commandHelp(command, io));
      return exitCode.ok;
    });
  } catch (error) {
    // Of a command that was asked for JSON, it is JSON too.
    const { printFailure } = await import('./json-failure.js');
    printFailure(command, rest, error, io);
    throw error;
  }
}

/** The command that the words begin with, and what follows it; `among`: also one that is loaded with all others. */
async function commandOf(words: readonly string[], amongAll: boolean) {
  const two = words.slice(0, 2).join(' ');
  for (const [name = '', length] of [
    [two, 2],
    [words[0], 1],
  ] as const) {
    const command = await direct.get(name)?.();
    if (command) return { command, rest: words.slice(length) };
  }
  const all = amongAll ? (await import('./commands.js')).commands : [];
  const command = all.find(({ name }) => name === two) ?? all.find(({ name }) => name === words[0]);
  return { command, rest: words.slice(command?.name === two ? 2 : 1) };
}

/** The arguments of a command that accepts any option of another program: only --help is parsed. */
function passedThrough(name: string, rest: readonly string[]): RawArgs | undefined {
  const [first, second] = rest;
  if (first === '--help') return undefined;
  // rsync's own -h needs operands.
  if (first === '-h' && (name !== 'rsync' || second === undefined)) return undefined;
  return { positionals: rest, options: {} };
}

/** Where the word that is typed belongs to a command, only that command is needed. */
async function completions(args: readonly string[], io: Io): Promise<number> {
  const { printCompletions } = await import('../commands/completion/completion.js');
  const words = args[0] === '--' ? args.slice(1) : args;
  const { command } = await commandOf(words.slice(0, -1), false);
  if (command) return printCompletions(args, [command], io);
  const all = await import('./commands.js');
  return printCompletions(args, words.length > 1 ? all.commands : all.commandsOn(io.platform), io);
}
