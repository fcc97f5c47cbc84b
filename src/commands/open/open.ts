import { shellOf } from '../../address/shell.js';
import { shellLine } from '../../address/shell-word.js';
import { checkUserName } from '../../address/user-name.js';
import { type Command, CommandError, type Io, UsageError } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag, parsed } from '../../cli/option.js';
import { oneOf } from '../../cli/option-choice.js';
import { positionals, usage } from '../../cli/values.js';
import { exitCode, printable } from '../../errors.js';
import { startDetached } from '../../process/start-detached.js';
import { type Editor, editors } from './editors.js';
import { hostOf } from './host.js';
import { installedAt } from './installed.js';
import { formatEditors } from './list.js';
import { checkPath, type OpenOperand, parseOperand } from './operand.js';

export interface OpenCommandOptions {
  /** Undefined: list the editors. */
  readonly operand: OpenOperand | undefined;
  /** The name of an editor; undefined: the first that is installed. */
  readonly editor: string | undefined;
  /** Print the command instead of running it. */
  readonly print: boolean;
  readonly json: boolean;
}

const inOption = oneOf({
  long: 'in',
  value: 'EDITOR',
  choices: editors.map(({ name }) => name),
  summary: `one of ${editors.map(({ name }) => name).join(', ')} (default: the first that is installed)`,
});
const pathOption = parsed(
  { long: 'path', value: 'PATH', summary: 'the folder in the machine, if it is not after the target' },
  checkPath,
);
const listOption = flag({ long: 'list', summary: 'list the editors, and which are installed' });
const printOption = flag({ long: 'print-command', summary: 'print the command instead of running it' });

/** vmssh open TARGET: starts an editor of this host on a folder of a machine. */
export const open: Command<OpenCommandOptions> = {
  name: 'open',
  summary: 'open a machine in an editor on this host',
  usage: '[[user@]TARGET[:PATH]]',
  details:
    "The editor reaches the machine by its Host in ssh's configuration, which vmssh config install writes; VS Code and its forks need their extension for SSH. PATH is absolute. The editor goes on when vmssh has ended.",
  options: [inOption, pathOption, listOption, printOption, jsonOption],
  exclusive: [
    [listOption, inOption],
    [listOption, pathOption],
    [listOption, printOption],
  ],
  examples: [
    { line: 'vmssh open mint', about: 'in the first editor that is installed' },
    { line: 'vmssh open mint:/home/ann/src --in zed', about: 'a folder, in Zed' },
    { line: 'vmssh open --in code root@vsock/3:/etc', about: 'by its address, as root' },
    { line: 'vmssh open --print-command mint', about: 'what would be run' },
    { line: 'vmssh open --list', about: 'which editors are there' },
  ],

  parse(raw) {
    const json = jsonOption.read(raw);
    const [editor, path] = [inOption.read(raw), pathOption.read(raw)];
    const print = printOption.read(raw);
    if (listOption.read(raw)) {
      positionals(raw, 0, 0, 'no argument with --list');
      return { operand: undefined, editor, print, json };
    }
    if (json) throw new UsageError('--json prints the list of editors', 'vmssh open --list --json');
    const [text = ''] = positionals(raw, 1, 1, '[user@]TARGET[:PATH], or --list');
    const operand = parseOperand(text);
    if (operand.user !== undefined) usage(() => checkUserName(operand.user ?? ''));
    if (path !== undefined && operand.path !== undefined)
      throw new UsageError('the path is given twice: after the target and by --path');
    return { operand: { ...operand, path: operand.path ?? path }, editor, print, json };
  },

  async run({ operand, editor: wanted, print, json }, io) {
    const found = editors.map((editor) => ({ editor, program: installedAt(editor, io) }));
    if (operand === undefined) {
      const rows = found.map(({ editor: { name, title }, program }) => ({
        ...{ name, title, installed: program !== undefined },
        ...(program === undefined ? {} : { program }),
      }));
      io.out(formatEditors(rows, json));
      return exitCode.ok;
    }
    const { editor, program } = chosen(found, wanted);
    const { user, machine, path } = operand;
    if (editor.needsPath && path === undefined)
      throw new UsageError(`${editor.title} opens a folder: give its path`, `vmssh open ${machine}:/PATH`);
    const host = await hostOf(machine, editor, io);
    const command = [program, ...editor.args({ host, user, path })];
    const line = shellLine(command, shellOf(io));
    if (print) {
      io.out(`${printable(line)}\n`);
      return exitCode.ok;
    }
    await start(command, editor, line, io);
    io.err(`${io.program}: ${editor.title} opens ${printable(machine)}${printable(path ?? '')}\n`);
    return exitCode.ok;
  },
};

type Found = { readonly editor: Editor; readonly program: string | undefined };

/** Throws a CommandError if it is not installed. */
function chosen(found: readonly Found[], wanted: string | undefined): { editor: Editor; program: string } {
  for (const { editor, program } of found)
    if (program !== undefined && (wanted === undefined || editor.name === wanted)) return { editor, program };
  const { editor } = found.find(({ editor }) => editor.name === wanted) ?? {};
  throw new CommandError(
    'NO_EDITOR',
    editor
      ? `${editor.title} is not installed: PATH has no ${editor.programs.join(' or ')}`
      : 'no editor that vmssh knows is installed',
    'vmssh open --list',
  );
}

async function start(command: readonly string[], { title }: Editor, line: string, io: Io): Promise<void> {
  const end = await startDetached(command, io.env);
  if (end === undefined || end.code === 0) return;
  throw new CommandError(
    'NO_EDITOR',
    `${title} ended with ${end.code === null ? end.signal : `exit code ${end.code}`}`,
    `to see why: ${line}`,
  );
}
