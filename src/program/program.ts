import { Command as CommanderCommand, CommanderError } from 'commander';
import { similarTo } from '../address/similar.js';
import { type Command, type Io, inCommand, type RawArgs, UsageError } from '../cli/command.js';
import { groupSummaries } from '../cli/groups.js';
import { nc } from '../commands/proxy/nc.js';
import { exitCode, printable, quote } from '../errors.js';
import { version } from '../version.js';
import type { Act } from './act.js';
import { asUsage } from './commander-error.js';
import { commandGroups, commands } from './commands.js';
import { docsFolder } from './doc-pages.js';
import { helpLayout, helpOf, labelled } from './help-layout.js';
import { mentionsJson, printFailure } from './json-failure.js';
import { wire } from './wire.js';

/** Parses the arguments with commander, which handles --help and mistakes. Resolves to the exit code. Throws a UsageError. */
export async function runWithCommander(args: readonly string[], io: Io, act: Act): Promise<number> {
  let code: number = exitCode.ok;
  let asked: { readonly name?: string; readonly raw: RawArgs } = { raw: mentionsJson(args) };
  const run: Act = (command, raw) => {
    asked = { name: command.name, raw };
    return inCommand(command.name, () => act(command, raw));
  };
  const wired = (command: Command<unknown>) => async (raw: RawArgs) => {
    code = await run(command, raw);
  };
  if (io.program === 'vmssh' && args[0] === 'help') {
    return runWithCommander([...knownCommand(args.slice(1)), '--help'], io, act);
  }
  const program =
    io.program === 'vsock-nc'
      ? wire(nc, 'vsock-nc', wired(nc)).version(version, ...versionOption)
      : vmssh(wired, io.platform);
  let shown = '';
  const out = (text: string) => {
    shown += text;
    io.out(text);
  };
  silence(program, { ...io, out }, '');
  program.addHelpText('afterAll', () => whereDocsAre(shown));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage; // help or a version was printed
    const name = asked.name ?? (error instanceof UsageError ? error.command : undefined);
    const command = commands.find((each) => each.name === name);
    if (command) printFailure(command, asked.raw, error, io);
    throw error;
  }
  return code;
}

/** The name of a known command or group, as it was split. Throws a UsageError. */
function knownCommand(words: readonly string[]): readonly string[] {
  const name = words.join(' ');
  if (words.length === 0 || commands.some((command) => `${command.name} `.startsWith(`${name} `)))
    return words;
  const inGroup = commands.filter((command) => command.name.startsWith(`${words[0]} `));
  const names = (inGroup.length > 0 ? inGroup : commands).map((command) => command.name);
  const near = similarTo(name, names);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : undefined;
  throw new UsageError(`unknown command ${quote(name)}`, hint);
}

function vmssh(
  act: (command: Command<unknown>) => (raw: RawArgs) => Promise<void>,
  platform: NodeJS.Platform,
): CommanderCommand {
  const program = new CommanderCommand('vmssh')
    .description('ssh into virtual machines and containers on this host, without a network')
    .version(version, ...versionOption)
    .helpCommand(false)
    .addHelpText('after', overview);
  for (const group of commandGroups) {
    const hidden = group.platform !== undefined && group.platform !== platform;
    program.commandsGroup(`${group.title}:`);
    for (const command of group.commands) {
      const [first = '', second] = command.name.split(' ');
      if (second === undefined) program.addCommand(wire(command, first, act(command)), { hidden });
      else nounOf(program, first, hidden).addCommand(wire(command, second, act(command)));
    }
  }
  return program;
}

/** The commander command of a group, made once. */
function nounOf(program: CommanderCommand, first: string, hidden: boolean): CommanderCommand {
  const made = program.commands.find((each) => each.name() === first);
  if (made) return made;
  const noun = new CommanderCommand(first).description(groupSummaries[first] ?? '');
  program.addCommand(noun, { hidden });
  return noun;
}

const versionOption = ['-V, --version', 'print the version; with --json also details of the build'] as const;

/** The help below the commands. */
function overview({ command }: { readonly command: CommanderCommand }): string {
  const help = helpOf(command);
  const targets =
    'mint, vsock/3, machine/web, container/web, unix/run/x.sock, .host, vsock-mux/run/fc/v.sock, via/hv1/mint (docs/targets.md)';
  const codes =
    '0 done, 1 could not connect, 2 wrong usage, 3 no SSH banner, 4 not found or ambiguous, 130 interrupted';
  return `
${labelled('Targets: ', targets, help)}
${labelled('Exit codes: ', codes, help)}

First steps:
  vmssh list
  vmssh config install
  ssh root@vsock/3

Help for one command: vmssh help COMMAND`;
}

/** The last line of help that names pages. */
function whereDocsAre(help: string): string {
  const folder = help.includes('docs/') ? docsFolder() : undefined;
  return folder === undefined ? '' : `\ndocs/ is ${printable(folder)}`;
}

/** Makes every command write through `io`, throw instead of exiting, and show its arguments only in its usage. */
function silence(command: CommanderCommand, io: Io, name: string): void {
  command.configureHelp(helpLayout);
  command.exitOverride((error) => {
    throw asUsage(
      error,
      name,
      command.commands.map((each) => each.name()),
    );
  });
  command.configureOutput({
    writeOut: (text) => io.out(text),
    getOutHelpWidth: () => io.columns ?? 80,
    getErrHelpWidth: () => io.columns ?? 80,
    writeErr: (text) => io.err(text),
    outputError: () => {}, // its message is in the error that it throws
  });
  for (const each of command.commands) silence(each, io, `${name} ${each.name()}`.trim());
}
