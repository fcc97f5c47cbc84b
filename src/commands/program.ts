import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { exitCode, printable, quote } from '../errors.js';
import { version } from '../version.js';
import { check } from './check.js';
import { type Command, type Io, type OptionSpec, type RawArgs, UsageError } from './command.js';
import { completion, printCompletions } from './completion.js';
import { configDiff } from './config-diff.js';
import { configInstall } from './config-install.js';
import { configPrint } from './config-print.js';
import { configUninstall } from './config-uninstall.js';
import { doctor } from './doctor.js';
import { forget } from './forget.js';
import { guestCheck } from './guest-check.js';
import { guestCloudInit } from './guest-cloud-init.js';
import { guestGenerator } from './guest-generator.js';
import { guestInstall } from './guest-install.js';
import { guestScript } from './guest-script.js';
import { guestUnits } from './guest-units.js';
import { guid } from './guid.js';
import { list } from './list.js';
import { nc } from './nc.js';
import { port } from './port.js';
import { proxy } from './proxy.js';
import { resolveCommand } from './resolve.js';
import { serviceList, serviceRegister, serviceUnregister } from './service.js';
import { toolCommands } from './ssh.js';

/** Every command; one of a group has both words in its name. */
export const commands: readonly Command<unknown>[] = [
  ...[list, ...toolCommands, proxy, check, nc, resolveCommand, forget],
  ...[configInstall, configUninstall, configDiff, configPrint, completion],
  ...[doctor, guestInstall, guestScript, guestUnits, guestGenerator, guestCloudInit, guestCheck],
  ...[guid, port, serviceList, serviceRegister, serviceUnregister],
];

/** What is done with a command's arguments; resolves to the exit code. */
export type Act = (command: Command<unknown>, raw: RawArgs) => Promise<number>;

/** Runs the arguments through commander, which knows --help and what to say of mistakes. Resolves to the exit code. */
export async function runProgram(
  args: readonly string[],
  io: Io,
  run: Act = (command, raw) => command.run(command.parse(raw, io), io),
): Promise<number> {
  let code: number = exitCode.ok;
  const act = (command: Command<unknown>) => async (raw: RawArgs) => {
    code = await run(command, raw);
  };
  if (io.program === 'vmssh' && args[0] === 'help' && args.length > 1) {
    return runProgram([...knownCommand(args.slice(1)), '--help'], io, run);
  }
  if (io.program === 'vmssh' && args[0] === 'complete') return printCompletions(args.slice(1), commands, io);
  const tool = io.program === 'vsock-nc' ? undefined : passedThrough(args);
  if (tool) return run(tool, { positionals: args.slice(1), options: {} });
  const program = io.program === 'vsock-nc' ? wire(nc, 'vsock-nc', act(nc)).version(version) : vmssh(act);
  silence(program, io);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  }
  return code;
}

/** The words of a command or of a group of them. Throws a UsageError. */
function knownCommand(words: readonly string[]): readonly string[] {
  const name = words.join(' ');
  if (commands.some((command) => `${command.name} `.startsWith(`${name} `))) return words;
  throw new UsageError(`unknown command ${quote(name)}`);
}

/** A command that takes any option of another program: its arguments are not ours to understand, but for --help. */
function passedThrough(args: readonly string[]): Command<unknown> | undefined {
  const [name, first] = args;
  if (first === undefined || first === '--help') return undefined;
  return toolCommands.find((command) => command.name === name);
}

function vmssh(act: (command: Command<unknown>) => (raw: RawArgs) => Promise<void>): CommanderCommand {
  const program = new CommanderCommand('vmssh')
    .description('ssh into virtual machines and containers on this host, without a network')
    .version(version)
    .helpCommand('help [command]', 'tell more of a command')
    .addHelpText('after', overview);
  for (const command of commands) {
    const [first = '', second] = command.name.split(' ');
    if (second === undefined) {
      program.addCommand(wire(command, first, act(command)));
      continue;
    }
    let group = program.commands.find((each) => each.name() === first);
    if (!group) {
      group = new CommanderCommand(first).description(groups[first] ?? '');
      program.addCommand(group);
    }
    group.addCommand(wire(command, second, act(command)));
  }
  return program;
}

const groups: Readonly<Record<string, string>> = {
  config: "the lines for ssh's own configuration",
  guest: 'what goes into a guest: sshd on vsock, set up, checked and undone (docs/guest.md)',
  service: 'the Hyper-V socket services of this Windows (docs/windows.md)',
};

export const overview = `
Targets: vsock/3  machine/web  container/web  unix/run/x.sock  vsock-mux/run/fc/v.sock  .host  (docs/targets.md)
Exit codes: 0 done, 1 could not connect, 2 wrong usage, 3 no SSH banner, 4 not found or ambiguous, 130 interrupted

Set up:
  vmssh config install
  ssh root@vsock/3`;

function wire(
  command: Command<unknown>,
  name: string,
  action: (raw: RawArgs) => Promise<void>,
): CommanderCommand {
  const wired = new Wired(name, command.options)
    .description(command.summary)
    .usage(`[options] ${command.usage}`.trim());
  wired.argument('[arguments...]');
  for (const spec of command.options) wired.addOption(option(spec));
  wired.addHelpText('after', afterHelp(command));
  return wired.action((positionals: string[], options: Record<string, string | boolean>) => {
    return action({ positionals, options: byLongName(command.options, options) });
  });
}

/**
 * Commander takes the argument behind an option for its value also where that may be left out. Here such a value follows
 * a "=" only, as in scan-args.ts, so that a target may stand behind --wait.
 */
class Wired extends CommanderCommand {
  readonly #specs: readonly OptionSpec[];

  constructor(name: string, specs: readonly OptionSpec[]) {
    super(name);
    this.#specs = specs;
  }

  override parseOptions(args: string[]) {
    return super.parseOptions(markLeftOut(this.#specs, args));
  }
}

/** Stands for a value that was left out: no argument of a process can hold it. */
const leftOut = '\0';

function markLeftOut(specs: readonly OptionSpec[], args: readonly string[]): string[] {
  const marked: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return [...marked, ...args.slice(i)];
    const spec = specs.find(({ long, short }) => arg === `--${long}` || arg === `-${short}`);
    marked.push(spec?.optionalValue ? `--${spec.long}=${leftOut}` : arg);
    const value = args[i + 1];
    if (spec?.value !== undefined && !spec.optionalValue && value !== undefined) {
      marked.push(value);
      i++;
    }
  }
  return marked;
}

function option(spec: OptionSpec): Option {
  const value = spec.value === undefined ? '' : spec.optionalValue ? ` [${spec.value}]` : ` <${spec.value}>`;
  return new Option(`${spec.short ? `-${spec.short}, ` : ''}--${spec.long}${value}`, spec.summary);
}

function afterHelp({ details, examples }: Command<unknown>): string {
  const lines = examples.map(({ line, about }) => `  ${line}\n      ${about}`);
  return `${details ? `\n${details}\n` : ''}\nExamples:\n${lines.join('\n')}`;
}

/** Commander names options in camel case. */
function byLongName(
  specs: readonly OptionSpec[],
  options: Record<string, string | boolean>,
): RawArgs['options'] {
  const named: Record<string, string | true> = {};
  for (const { long } of specs) {
    const value = options[long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (value !== undefined && value !== false) named[long] = value === leftOut ? true : value;
  }
  return named;
}

/** Every command of the tree writes through `io`, throws instead of exiting, and shows its arguments in its usage alone. */
function silence(command: CommanderCommand, io: Io): void {
  command.configureHelp({
    visibleArguments: () => [],
    subcommandTerm: (each) => each.name(),
    optionTerm: ({ flags }) => flags.replace(/ \[(\w+)\]$/, '[=$1]'),
  });
  command.exitOverride().showHelpAfterError('(add --help for the way to say it)');
  command.configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text.split('\n').map(printable).join('\n')),
  });
  for (const each of command.commands) silence(each, io);
}
