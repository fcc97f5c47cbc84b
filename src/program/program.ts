import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command as CommanderCommand, CommanderError, Help, Option } from 'commander';
import { exitCode, printable, quote } from '../base/errors.js';
import { selfCommand } from '../base/runtime.js';
import { version } from '../base/version.js';
import type { Act, Command, OptionSpec, RawArgs } from '../cli/command.js';
import { examplesOn, groupSummaries, inCommand, refuseApart, shownOn, UsageError } from '../cli/command.js';
import { pasteable } from '../cli/failure.js';
import { nc } from '../commands/proxy/nc.js';
import { realPath } from '../files/read-sync.js';
import type { Io } from '../process/io.js';
import { similarTo } from '../typed/names.js';
import { insteadInGroup, insteadOf, sameAs } from '../typed/other-verbs.js';
import { commandGroups, commands } from './commands.js';
import { mentionsJson, printFailure } from './json-failure.js';

/** Parses the arguments with commander, which handles --help and mistakes. Resolves to the exit code. Throws a UsageError. */
export async function runWithCommander(args: readonly string[], io: Io, act: Act): Promise<number> {
  if (io.program === 'vmssh' && args.length === 0) {
    io.err(pasteable(firstWords, io));
    return exitCode.usage;
  }
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
    const words = args.slice(1).filter((word) => !/^(-h|--help)$/.test(word));
    return runWithCommander([...knownCommand(words), '--help'], io, act);
  }
  const program =
    io.program === 'vsock-nc'
      ? wire(nc, 'vsock-nc', wired(nc), io.platform).version(version, ...versionOption)
      : vmssh(wired, io.platform);
  let shown = '';
  const out = (text: string) => {
    shown += text;
    io.out(text);
  };
  silence(program, { ...io, out }, '');
  program.addHelpText('afterAll', () => whereDocsAre(shown));
  try {
    // To commander the --help of an unknown command is the program's.
    const names = program.commands.map((command) => command.name());
    const isKnown = names.length === 0 || args[0]?.startsWith('-') || names.includes(args[0] ?? '');
    const [first = '', second] = args;
    const given = io.program === 'vsock-nc' ? [nc.name] : [first, `${first} ${second}`];
    const { options = [] } = commands.find(({ name }) => given.includes(name)) ?? {};
    const words = isKnown ? markLeftOut(options, args) : args.slice(0, 1);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage; // help or a version was printed
    const name = asked.name ?? (error instanceof UsageError ? error.command : undefined);
    const command = commands.find((command) => command.name === name);
    if (command) printFailure(command, asked.raw, error, io);
    throw error;
  }
  return code;
}

/** A newcomer's commands, in their order. */
const firstWords = `Log in to virtual machines and containers on this host, without a network.
  vmssh list          your machines, and how to log in to each
  vmssh setup NAME    let your key in; from then on: ssh NAME
  vmssh ssh NAME      log in by name; also scp, sftp and rsync
  vmssh check NAME    why does ssh NAME not work?
  vmssh doctor        is this host ready?
All commands: vmssh --help
`;

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
    const hidden = shownOn(platform, [group]).length === 0;
    program.commandsGroup(`${group.title}:`);
    for (const command of group.commands) {
      const [first = '', second] = command.name.split(' ');
      if (second === undefined) program.addCommand(wire(command, first, act(command), platform), { hidden });
      else nounOf(program, first, hidden).addCommand(wire(command, second, act(command), platform));
    }
  }
  return program;
}

function nounOf(program: CommanderCommand, first: string, hidden: boolean): CommanderCommand {
  const made = program.commands.find((command) => command.name() === first);
  if (made) return made;
  const noun = new CommanderCommand(first).description(groupSummaries[first] ?? '');
  const members = commands.filter(({ name }) => name.startsWith(`${first} `));
  const firsts = members.flatMap(({ examples }) => Object.entries(examples).slice(0, 1));
  noun.addHelpText('after', () => examplesHelp(Object.fromEntries(firsts), noun));
  program.addCommand(noun, { hidden });
  return noun;
}

const versionOption = ['-V, --version', 'print the version; with --json also details of the build'] as const;

function overview({ command }: { readonly command: CommanderCommand }): string {
  const help = helpOf(command);
  const targets =
    'mint, vsock/3, machine/web, container/web, unix/run/x.sock, .host, vsock-mux/run/fc/v.sock, via/hv1/mint (docs/targets.md)';
  const codes =
    '0 done, 1 could not connect, 2 wrong usage, 3 no SSH banner, 4 not found or ambiguous, 130 interrupted';
  return `
${labelled('Targets: ', targets, help)}
${labelled('Exit codes: ', codes, help)}

Help for one command: vmssh help COMMAND`;
}

function whereDocsAre(help: string): string {
  const folder = help.includes('docs/') ? docsFolder() : undefined;
  return folder === undefined ? '' : `\ndocs/ is ${printable(folder)}`;
}

/** Makes every command write through `io`, throw instead of exiting, and show its arguments only in its usage. */
function silence(command: CommanderCommand, io: Io, name: string): void {
  command.configureHelp(helpLayout);
  command.exitOverride((error) => {
    const names = command.commands.map((command) => command.name());
    throw asUsage(error, name, names);
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

/** A mistake found by commander as our own error; `name`: the command's, '' for the program. Help and the version are not mistakes. */
function asUsage(error: CommanderError, name: string, names: readonly string[]): Error {
  if (!error.message.startsWith('error: ')) return error;
  const [, text = '', guess] = /^error: (.*?)(?:\n\((Did you mean .*\?)\))?$/s.exec(error.message) ?? [];
  const [, unknown] = /^unknown command '(.*)'$/s.exec(text) ?? [];
  const isOfProgram = unknown !== undefined && name === '';
  const known = unknown === undefined ? undefined : insteadInGroup(name, unknown);
  const hint = isOfProgram
    ? insteadOf(unknown, names)
    : (known ?? guess?.replace('Did', 'did') ?? (unknown === undefined ? undefined : sameAs(unknown, names)));
  const usage = new UsageError(text.replace(/'(.*)'/s, '"$1"'), hint);
  usage.command = name;
  return usage;
}

/** From the folder of the program: packages of Linux, the archive for Windows, npm's package, and the executable of a checkout. */
const places = ['../share/doc/vmssh/docs', 'docs', '../docs', '../../docs'];

/** The folder with the pages that help names as docs/..., as it was installed with this program; undefined if it was not. */
export function docsFolder(program = selfCommand().at(-1)): string | undefined {
  const file = program === undefined ? undefined : realPath(program);
  if (file === undefined) return undefined;
  const folder = dirname(file);
  return places.map((place) => join(folder, place)).find((docs) => existsSync(join(docs, 'targets.md')));
}

function wire(
  command: Command<unknown>,
  name: string,
  action: (raw: RawArgs) => Promise<void>,
  platform: NodeJS.Platform,
): CommanderCommand {
  const wired = new CommanderCommand(name)
    .description(command.summary)
    .usage(`[options] ${command.usage}`.trim());
  wired.argument('[arguments...]');
  const options = command.options.map((spec) => {
    return { long: spec.long, option: option(spec).hideHelp(shownOn(platform, [spec]).length === 0) };
  });
  for (const { option } of options) wired.addOption(option);
  const examples = examplesOn(platform, command);
  wired.addHelpText('after', ({ command: shown }) => afterHelp({ ...command, examples }, shown));
  return wired.action((positionals: string[], parsed: Record<string, Parsed>) => {
    const named: Record<string, RawArgs['options'][string]> = {};
    for (const { long, option } of options) {
      const value = parsed[option.attributeName()];
      // --no-x is x, and false.
      if (value === undefined || option.negate !== (value === false)) continue;
      named[long] = value === false || value === leftOut ? true : value;
    }
    return action({ positionals, options: named });
  });
}

/** Marks a missing value: no argument of a process can contain a NUL. */
const leftOut = '\0';

/** To commander the argument after an option is its value even if that is optional. Here an optional value needs "=", as in `scanArgs`: a target can follow --wait. */
function markLeftOut(specs: readonly OptionSpec[], args: readonly string[]): string[] {
  const marked: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return [...marked, ...args.slice(i)];
    const spec = specs.find(({ long, short }) => arg === `--${long}` || arg === `-${short}`);
    const value = args[i + 1];
    if (spec?.optionalValue) refuseApart(spec, arg, value);
    marked.push(spec?.optionalValue ? `--${spec.long}=${leftOut}` : arg);
    if (spec?.value !== undefined && !spec.optionalValue && value !== undefined) {
      marked.push(value);
      i++;
    }
  }
  return marked;
}

function option(spec: OptionSpec): Option {
  const value = spec.value === undefined ? '' : spec.optionalValue ? ` [${spec.value}]` : ` <${spec.value}>`;
  const made = new Option(`${spec.short ? `-${spec.short}, ` : ''}--${spec.long}${value}`, spec.summary);
  return spec.repeats ? made.argParser((text, before: readonly string[] = []) => [...before, text]) : made;
}

function afterHelp({ details, examples }: Command<unknown>, shown: CommanderCommand): string {
  return `${details ? `\n${wrapped(details, helpOf(shown))}\n` : ''}${examplesHelp(examples, shown)}`;
}

/** The commands are not wrapped. */
function examplesHelp(examples: Command<unknown>['examples'], shown: CommanderCommand): string {
  const help = helpOf(shown);
  const own = (line: string) => (shown.name() === 'vsock-nc' ? line.replace(/^vmssh nc/, 'vsock-nc') : line);
  const lines = Object.entries(examples).map(
    ([line, about]) => `  ${own(line)}\n${wrapped(about, help, '      ')}`,
  );
  return `\nExamples:\n${lines.join('\n')}`;
}

type Parsed = string | boolean | readonly string[];

/** The layout of help, which does not break words on a narrow terminal. */
const helpLayout = {
  minWidthToWrap: 20,
  visibleArguments: () => [],
  subcommandTerm: (command: CommanderCommand) => command.name(),
  optionTerm: ({ flags }: { readonly flags: string }) => flags.replace(/ \[(\w+)\]$/, '[=$1]'),

  commandUsage(this: Help, command: CommanderCommand): string {
    const label = 'Usage: ';
    return labelled(label, Help.prototype.commandUsage.call(this, command), this).slice(label.length);
  },

  formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
    const width = widthOf(this);
    if (description === '' || width - termWidth - 4 >= besideFrom)
      return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
    return `  ${term}\n${wrapped(description, this, '      ')}`;
  },
};

/** A description with less room than this beside its term goes below it. */
const besideFrom = 30;

function helpOf(command: CommanderCommand): Help {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  return help;
}

function wrapped(text: string, help: Help, indent = ''): string {
  return help.boxWrap(text.replaceAll('\n', ' '), widthOf(help) - indent.length).replaceAll(/^/gm, indent);
}

/** Wrapped text after a `label`, with its other lines indented by the label's width. */
function labelled(label: string, text: string, help: Help): string {
  return label + wrapped(text, help, ' '.repeat(label.length)).trimStart();
}

function widthOf({ helpWidth }: Help): number {
  return helpWidth ?? 80;
}
