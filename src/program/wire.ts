import { Command as CommanderCommand, Option } from 'commander';
import type { Command, OptionSpec, RawArgs } from '../cli/command.js';
import { refuseApart } from '../cli/scan-args.js';
import { helpOf, wrapped } from './help-layout.js';

/** A command for commander. */
export function wire(
  command: Command<unknown>,
  name: string,
  action: (raw: RawArgs) => Promise<void>,
): CommanderCommand {
  const wired = new Wired(name, command.options)
    .description(command.summary)
    .usage(`[options] ${command.usage}`.trim());
  wired.argument('[arguments...]');
  for (const spec of command.options) wired.addOption(option(spec));
  wired.addHelpText('after', ({ command: shown }) => afterHelp(command, shown));
  return wired.action((positionals: string[], options: Record<string, Parsed>) => {
    return action({ positionals, options: byLongName(command.options, options) });
  });
}

/**
 * Commander reads the argument after an option as its value even if the value is optional. Here an optional value needs
 * "=", as in scan-args.ts, so that a target can follow --wait.
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

/** Marks a missing value: no argument of a process can contain a NUL. */
const leftOut = '\0';

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

/** Text below the options, wrapped; example commands are not. */
function afterHelp({ details, examples }: Command<unknown>, shown: CommanderCommand): string {
  const help = helpOf(shown);
  const lines = examples.map(({ line, about }) => `  ${line}\n${wrapped(about, help, '      ')}`);
  return `${details ? `\n${wrapped(details, help)}\n` : ''}\nExamples:\n${lines.join('\n')}`;
}

/** What commander makes of an option. */
type Parsed = string | boolean | readonly string[];

/** By commander's name of an option, in camel case; --no-x is x, and false. */
function byLongName(specs: readonly OptionSpec[], options: Record<string, Parsed>): RawArgs['options'] {
  const named: Record<string, RawArgs['options'][string]> = {};
  for (const { long } of specs) {
    const isNo = long.startsWith('no-');
    const name = isNo ? long.slice('no-'.length) : long;
    const value = options[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (isNo && value === false) named[long] = true;
    if (!isNo && value !== undefined && value !== false) named[long] = value === leftOut ? true : value;
  }
  return named;
}
