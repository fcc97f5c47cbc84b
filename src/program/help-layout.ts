import { type Command as CommanderCommand, Help } from 'commander';

/** The layout of help, which does not break words on a narrow terminal. */
export const helpLayout = {
  minWidthToWrap: 20,
  visibleArguments: () => [],
  subcommandTerm: (each: CommanderCommand) => each.name(),
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

/** The help of a command, as wide as the output. */
export function helpOf(command: CommanderCommand): Help {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  return help;
}

/** Text below the options, wrapped, with each line after `indent`. */
export function wrapped(text: string, help: Help, indent = ''): string {
  return help.boxWrap(text.replaceAll('\n', ' '), widthOf(help) - indent.length).replaceAll(/^/gm, indent);
}

/** Wrapped text after a `label`, with its other lines indented by the label's width. */
export function labelled(label: string, text: string, help: Help): string {
  return label + wrapped(text, help, ' '.repeat(label.length)).trimStart();
}

function widthOf({ helpWidth }: Help): number {
  return helpWidth ?? 80;
}
