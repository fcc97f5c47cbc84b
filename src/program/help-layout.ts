import { type Command as CommanderCommand, Help } from 'commander';

/** How help is laid out, so that it breaks no word on a narrow terminal either. */
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

/** A description with less room than this beside its term stands below it. */
const besideFrom = 30;

/** The help of a command, as wide as what it is printed to. */
export function helpOf(command: CommanderCommand): Help {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  return help;
}

/** A text, wrapped, with each line behind `indent`. */
export function wrapped(text: string, help: Help, indent = ''): string {
  return help.boxWrap(text.replaceAll('\n', ' '), widthOf(help) - indent.length).replaceAll(/^/gm, indent);
}

/** A text, wrapped, with `label` in front of it and its other lines as far to the right. */
export function labelled(label: string, text: string, help: Help): string {
  return label + wrapped(text, help, ' '.repeat(label.length)).trimStart();
}

function widthOf({ helpWidth }: Help): number {
  return helpWidth ?? 80;
}
