import type { Command, RawArgs } from './command.js';
import { refuseApart } from './scan-args.js';
import type { SshOptions } from './ssh-call.js';
import { splitArgs, type Tool } from './ssh-split.js';
import { secondsOption } from './values.js';

/** What stands in the way of a plain table of options: these commands take any of another program's. */
export interface PassThrough {
  readonly passThrough: true;
}

export type ToolCommand = Command<SshOptions> & PassThrough;

const summaries: Readonly<
  Record<Tool, { usage: string; summary: string; examples: Command<SshOptions>['examples'] }>
> = {
  ssh: {
    usage: '[any option of ssh] [user@]TARGET [COMMAND...]',
    summary: 'log in by ssh to a machine, by its target or its short name',
    examples: [
      { line: 'vmssh ssh mint', about: 'the machine of this name, wherever it lives' },
      { line: 'vmssh ssh --wait -t root@vsock/3 htop', about: 'once it has booted' },
      { line: 'vmssh ssh --print-command mint', about: 'what would be run' },
    ],
  },
  scp: {
    usage: '[any option of scp] SOURCE... TARGET:PATH',
    summary: 'copy files by scp from or to a machine',
    examples: [
      { line: 'vmssh scp notes.txt mint:', about: 'to a machine by its short name' },
      { line: 'vmssh scp -r root@vsock/3:/etc/ssh .', about: 'from one by its target, slashes and all' },
    ],
  },
  sftp: {
    usage: '[any option of sftp] [user@]TARGET[:PATH]',
    summary: 'open sftp to a machine',
    examples: [{ line: 'vmssh sftp machine/web:/srv', about: 'look around in a machine' }],
  },
  rsync: {
    usage: '[any option of rsync] SOURCE... TARGET:PATH',
    summary: 'synchronise files by rsync with a machine',
    examples: [
      { line: 'vmssh rsync -a --delete site/ mint:/srv/site/', about: 'to a machine by its short name' },
      { line: "vmssh rsync -a -e 'ssh -p 2222' vsock/3:/etc/ etc/", about: 'with options for ssh' },
    ],
  },
};

/** vmssh ssh, scp, sftp and rsync: the real program with the right ProxyCommand; all else is passed on as it is. */
export const toolCommands: readonly ToolCommand[] = (['ssh', 'scp', 'sftp', 'rsync'] as const).map(
  (tool) => ({
    name: tool,
    ...summaries[tool],
    passThrough: true,
    details: `Everything but these options is ${tool}'s own. Exits with ${tool}'s exit code. VMSSH_SSH (or HV_SSH_COMMAND) names another ssh.`,
    options: [
      {
        long: 'wait',
        value: 'SECONDS',
        optionalValue: true,
        summary: 'wait for a machine that boots (default 120)',
      },
      { long: 'print-command', summary: 'print the command instead of running it' },
    ],
    parse: (raw) => parseArgs(tool, raw),
    run: async (options, io) => (await import('./ssh-run.js')).runTool(tool, options, io),
  }),
);

/** Our options stand in front of a "--", in the form --name or --name=value; the tool's own are left alone. */
function parseArgs(tool: Tool, { positionals }: RawArgs): SshOptions {
  const end = positionals.indexOf('--');
  const head = end < 0 ? positionals : positionals.slice(0, end);
  const ours = head.filter((arg) => /^--(wait(=.*)?|print-command)$/s.test(arg));
  for (const [i, arg] of head.entries()) if (arg === '--wait') refuseApart({ long: 'wait' }, head[i + 1]);
  const wait = ours.findLast((arg) => arg.startsWith('--wait'));
  return {
    args: splitArgs(tool, [
      ...head.filter((arg) => !ours.includes(arg)),
      ...(end < 0 ? [] : positionals.slice(end)),
    ]),
    waitSeconds: wait === undefined ? undefined : seconds(wait.slice('--wait='.length)),
    print: ours.includes('--print-command'),
  };
}

function seconds(text: string): number {
  if (text === '') return 120;
  const ms = secondsOption({ positionals: [], options: { wait: text } }, 'wait');
  return (ms ?? 0) / 1000;
}
