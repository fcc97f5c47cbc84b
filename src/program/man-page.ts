import type { Command, OptionSpec } from '../cli/command.js';
import { groupSummaries } from '../cli/groups.js';
import { version } from '../version.js';
import { bold, entry, escaped, italic, paragraphs, part, section, text } from './man-roff.js';
import { environment, exitStatus, filesOf, targets } from './man-sections.js';

/** A manual page of section 1, from the same values as --help; the commands of a group share one. */
export interface ManPage {
  /** "vmssh-config.1". */
  readonly file: string;
  /** In man(7). */
  readonly text: string;
}

/** The overview, and a page for each command or group. */
export function manPages(commands: readonly Command<unknown>[]): readonly ManPage[] {
  const groups = new Map<string, Command<unknown>[]>();
  for (const command of commands) {
    const [first = ''] = command.name.split(' ');
    groups.set(first, [...(groups.get(first) ?? []), command]);
  }
  const pages = [...groups].map(([first, members]) => ({
    file: `vmssh-${first}.1`,
    text: page(first, members),
  }));
  return [{ file: 'vmssh.1', text: overviewPage([...groups]) }, ...pages];
}

function overviewPage(groups: readonly [string, readonly Command<unknown>[]][]): string {
  const about =
    'vmssh connects ssh to virtual machines and containers by AF_VSOCK, AF_HYPERV and unix sockets. Set up once, ssh takes their names and targets itself; vmssh ssh needs no set-up.';
  const commands = groups.map(
    ([first, members]) => `.TP\n.BR vmssh\\-${escaped(first)} (1)\n${text(summaryOf(first, members))}`,
  );
  return [
    title('VMSSH'),
    section('NAME', 'vmssh \\- ssh into virtual machines and containers on this host, without a network'),
    section('SYNOPSIS', '.B vmssh\n.I COMMAND\n[option...] [argument...]'),
    section('DESCRIPTION', text(about)),
    section('COMMANDS', commands.join('')),
    section(
      'TARGETS',
      `${text("A machine's name, or one of these; docs/targets.md has each in full.")}${targets()}`,
    ),
    section(
      'OPTIONS',
      entry(bold('--help'), 'the commands, or the options of one') +
        entry(
          `${bold('-V')}, ${bold('--version')} [${bold('--json')}]`,
          'the version; as JSON also the commit, the engine, the platform and the features of this build',
        ),
    ),
    section(
      'EXAMPLES',
      entry(bold('vmssh list'), 'the machines of this host, and what to type for each') +
        entry(
          bold('vmssh config install'),
          'set ssh up: from then on ssh mint, scp and rsync take their names',
        ) +
        entry(bold('ssh root@vsock/3'), 'an address: the virtual machine with CID 3') +
        entry(bold('vmssh ssh mint'), 'a login without set-up') +
        entry(bold('vmssh check mint'), 'if a login fails: each step, the cause and the fix'),
    ),
    ...commonSections(undefined),
    section('SEE ALSO', '.BR ssh (1),\n.BR ssh_config (5),\n.BR systemd\\-ssh\\-proxy (1)'),
  ].join('');
}

function page(first: string, members: readonly Command<unknown>[]): string {
  const names = first === 'nc' ? 'vmssh\\-nc, vsock\\-nc' : `vmssh\\-${escaped(first)}`;
  const ofEach = (body: (command: Command<unknown>) => string) => {
    const bodies = members.map((command) => ({ name: command.name, body: body(command) }));
    const [only] = bodies;
    if (members.length === 1) return only?.body ?? '';
    return bodies.map(({ name, body }) => (body === '' ? '' : part(`vmssh ${name}`, body))).join('');
  };
  return [
    title(`VMSSH-${first.toUpperCase()}`),
    section('NAME', `${names} \\- ${escaped(summaryOf(first, members))}`),
    section('SYNOPSIS', members.map(synopsis).join('\n.br\n')),
    section(
      'DESCRIPTION',
      ofEach(({ summary, details }) => paragraphs(summary, details)),
    ),
    section(
      'OPTIONS',
      ofEach(({ options }) => options.map((option) => entry(termOf(option), option.summary)).join('')),
    ),
    section(
      'EXAMPLES',
      ofEach(({ examples }) => examples.map(({ line, about }) => entry(bold(line), about)).join('')),
    ),
    ...commonSections(first),
    section('SEE ALSO', '.BR vmssh (1)'),
  ].join('');
}

function commonSections(first: string | undefined): readonly string[] {
  return [
    section('EXIT STATUS', exitStatus(first)),
    section('ENVIRONMENT', environment(first)),
    section('FILES', filesOf(first)),
  ];
}

function summaryOf(first: string, members: readonly Command<unknown>[]): string {
  return groupSummaries[first] ?? members.map(({ summary }) => summary).join('; ');
}

function synopsis({ name, usage, options }: Command<unknown>): string {
  const words = [...(options.length > 0 ? ['[option...]'] : []), ...(usage === '' ? [] : [usage])];
  const line = `.B vmssh ${escaped(name)}\n${escaped(words.join(' '))}`.trimEnd();
  if (name !== 'nc') return line;
  return `${line}\n.br\n.B vsock\\-nc\n${escaped(words.join(' '))}`;
}

/** "-p, --port PORT", "--wait[=SECONDS]". */
function termOf({ long, short, value, optionalValue }: OptionSpec): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`].map(bold).join(', ');
  if (value === undefined) return names;
  return optionalValue ? `${names}[\\fB=\\fI${escaped(value)}\\fR]` : `${names} ${italic(value)}`;
}

function title(name: string): string {
  // No hyphenation and no justification: the text has shell commands.
  return `.TH ${name} 1 "" "vmssh ${version}" "vmssh"\n.nh\n.ad l\n`;
}
