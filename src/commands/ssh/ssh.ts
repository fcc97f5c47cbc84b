import { quote } from '../../base/errors.js';
import type { Command, RawArgs } from '../../cli/command.js';
import { flag, readAll, refuseApart, seconds, textOption, UsageError } from '../../cli/command.js';
import {
  bringOption,
  defaultWaitMs,
  routesOption,
  startOption,
  throughHop,
  viaOption,
} from '../../cli/shared-options.js';
import { type SshTool, splitArgs, type ToolOption, tools } from '../../ssh/split-args.js';
import type { SshOptions } from './call.js';

type ToolCommand = Command<SshOptions> & { readonly passThrough: true };

const summaries: Readonly<
  Record<SshTool, { usage: string; summary: string; examples: Command<SshOptions>['examples'] }>
> = {
  ssh: {
    usage: '[any option of ssh] [user@]TARGET [COMMAND...]',
    summary: 'log in to a machine by its name or target',
    examples: {
      'vmssh ssh': 'choose one of the machines, on a terminal',
      'vmssh ssh mint': 'the machine with this name, whatever runs it',
      'vmssh ssh --wait -t root@vsock/3 htop': 'once it has booted',
      'vmssh ssh --start mint': 'start it first if it is off',
      'vmssh ssh --print-command mint': 'what would be run',
    },
  },
  scp: {
    usage: '[any option of scp] SOURCE... TARGET:PATH',
    summary: 'copy files from or to a machine',
    examples: {
      'vmssh scp notes.txt mint:': 'to a machine by its short name',
      'vmssh scp -r root@vsock/3:/etc/ssh .': 'from one by its target, slashes and all',
    },
  },
  sftp: {
    usage: '[any option of sftp] [user@]TARGET[:PATH]',
    summary: 'open sftp to a machine',
    examples: { 'vmssh sftp machine/web:/srv': 'look around in a machine' },
  },
  rsync: {
    usage: '[any option of rsync] SOURCE... TARGET:PATH',
    summary: 'synchronise files with a machine',
    examples: {
      'vmssh rsync -a --delete site/ mint:/srv/site/': 'to a machine by its short name',
      "vmssh rsync -a -e 'ssh -p 2222' vsock/3:/etc/ etc/": 'with options for ssh',
    },
  },
};

const own = {
  routes: routesOption,
  waitMs: seconds({
    long: 'wait',
    leftOut: defaultWaitMs,
    summary: 'wait while the machine boots (default 120)',
  }),
  start: startOption,
  bring: bringOption,
  print: flag({ long: 'print-command', summary: 'print the command instead of running it' }),
};
/** For programs that start ssh themselves and accept no slash in a host, such as rsync. */
const typedOption = textOption({
  long: 'typed',
  value: 'TARGET',
  summary: 'the target, if the host is only a form of it, as with rsync; needs "=": --typed=TARGET',
});

/** vmssh ssh, scp, sftp and rsync: the real tool with the right ProxyCommand; all else is passed on unchanged. */
export const toolCommands: readonly ToolCommand[] = tools.map((tool) => ({
  name: tool,
  ...summaries[tool],
  passThrough: true,
  details: `These options come before the first operand; everything else is ${tool}'s own. Exits with ${tool}'s exit code, or with 255 if vmssh failed before it ran. VMSSH_SSH (or HV_SSH_COMMAND) names another ssh: an absolute path, or a program and its options.`,
  options: [viaOption, ...Object.values(own), ...(tool === 'ssh' ? [typedOption] : [])],
  parse: (raw) => parseArgs(tool, raw),
  run: async (options, io) => (await import('./run.js')).runSshTool(tool, options, io),
}));

/** Our options come before the first operand: anything after it belongs to the tool, or to a command that runs in the machine. */
function parseArgs(tool: SshTool, { positionals }: RawArgs): SshOptions {
  const { before, after, operands } = splitArgs(tool, positionals);
  const late = after.find((option) => isOurs(tool, option))?.words[0];
  if (late !== undefined)
    throw new UsageError(
      `${late} is an option of vmssh and must come before the first operand`,
      `vmssh ${tool} ${late} ...`,
    );
  refuseUnknown(tool, before);
  const ours = before.filter((option) => isOurs(tool, option));
  refuseWaitApart(before, positionals);
  // The last one counts.
  const options = Object.fromEntries(ours.map(({ name = '', value = '' }) => [name, value === '' || value]));
  const via = ours.flatMap(({ name, value = '' }) => (name === viaOption.long ? [value] : []));
  const raw = { positionals: operands, options: { ...options, ...(via.length > 0 ? { via } : {}) } };
  return {
    args: { before: before.filter((option) => !isOurs(tool, option)), after, operands },
    ...readAll(raw, { ...own, typed: typedOption }),
    behind: via.length > 0 ? (typed) => throughHop(raw, typed) : undefined,
  };
}

function isOurs(tool: SshTool, { words: [word = ''] }: ToolOption): boolean {
  return (
    /^--(wait(=.*)?|start|bring-sshd|(via|route)(=.*)?|print-command)$/s.test(word) ||
    (tool === 'ssh' && /^--typed=/.test(word))
  );
}

/** Of the tools only rsync has long options: the value of an unknown one would be taken for the machine. */
function refuseUnknown(tool: SshTool, before: readonly ToolOption[]): void {
  const unknown = before.find((option) => option.words[0]?.startsWith('--') && !isOurs(tool, option));
  if (tool !== 'rsync' && unknown)
    throw new UsageError(`unknown option ${quote(unknown.words[0] ?? '')}`, `see vmssh ${tool} --help`);
}

function refuseWaitApart(before: readonly ToolOption[], positionals: readonly string[]): void {
  let at = 0;
  for (const { words } of before) {
    at += words.length;
    if (words[0] === '--wait') refuseApart(own.waitMs, '--wait', positionals[at]);
  }
}
