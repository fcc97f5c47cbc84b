import { version } from '../version.js';
import type { Command } from './command.js';
import { groupSummaries } from './groups.js';

/** A page of the manual, section 1, from the same values as --help: a group's commands share theirs. */
export interface ManPage {
  /** "vmssh-config.1". */
  readonly file: string;
  /** In man(7). */
  readonly text: string;
}

/** The overview, and a page for each first word of a command's name. */
export function manPages(commands: readonly Command<unknown>[], overview: string): readonly ManPage[] {
  const groups = new Map<string, Command<unknown>[]>();
  for (const command of commands) {
    const [first = ''] = command.name.split(' ');
    groups.set(first, [...(groups.get(first) ?? []), command]);
  }
  const pages = [...groups].map(([first, members]) => ({
    file: `vmssh-${first}.1`,
    text: page(first, members),
  }));
  return [{ file: 'vmssh.1', text: overviewPage([...groups], overview) }, ...pages];
}

function overviewPage(groups: readonly [string, readonly Command<unknown>[]][], overview: string): string {
  return [
    title('VMSSH'),
    section('NAME', 'vmssh \\- ssh into virtual machines and containers on this host, without a network'),
    section('SYNOPSIS', '.B vmssh\n.I COMMAND\n[option...] [argument...]'),
    '.SH COMMANDS\n',
    ...groups.flatMap(([first, members]) =>
      members.map(
        ({ name, summary }) =>
          `.TP\n.BR vmssh\\-${escaped(first)} (1)\n.B ${escaped(name)}:\n${text(summary)}`,
      ),
    ),
    section('NOTES', literal(overview)),
    section('FILES', files),
    section('SEE ALSO', '.BR ssh (1),\n.BR ssh_config (5),\n.BR systemd\\-ssh\\-proxy (1)'),
  ].join('');
}

function page(first: string, members: readonly Command<unknown>[]): string {
  const what = escaped(groupSummaries[first] ?? members.map(({ summary }) => summary).join('; '));
  return [
    title(`VMSSH-${first.toUpperCase()}`),
    section('NAME', `vmssh\\-${escaped(first)} \\- ${what}`),
    section(
      'SYNOPSIS',
      members
        .map(({ name, usage }) => `.B vmssh ${escaped(name)}\n[option...] ${escaped(usage)}`)
        .join('\n.br\n'),
    ),
    ...members.map(described),
    section('SEE ALSO', '.BR vmssh (1)'),
  ].join('');
}

function described({ name, summary, details, options, examples }: Command<unknown>): string {
  return [
    section(
      `VMSSH ${name.toUpperCase()}`,
      text(summary) + (details === undefined ? '' : `.PP\n${text(details)}`),
    ),
    ...options.map(({ long, short, value, optionalValue, summary }) => {
      const argument = value === undefined ? '' : optionalValue ? ` [=${value}]` : ` ${value}`;
      const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`].join(', ');
      return `.TP\n.BR "${escaped(names)}" "${escaped(argument)}"\n${text(summary)}`;
    }),
    '.PP\nExamples:\n',
    ...examples.map(({ line, about }) => `.TP\n.B ${escaped(line)}\n${text(about)}`),
  ].join('');
}

const files = `.TP
.I ~/.ssh/vmssh.conf
what vmssh config install writes
.TP
.I ~/.ssh/vmssh_known_hosts
the host keys of machines`;

function title(name: string): string {
  // Neither hyphens nor blanks are put in: lines of a shell stand here.
  return `.TH ${name} 1 "" "vmssh ${version}" "vmssh"\n.nh\n.ad l\n`;
}

function section(name: string, body: string): string {
  return `.SH ${name}\n${body.trimEnd()}\n`;
}

/** A paragraph as it stands, line for line. */
function literal(words: string): string {
  return `.nf\n${text(words.trim())}.fi`;
}

function text(words: string): string {
  return `${escaped(words)}\n`;
}

// A line must not start with a control character of roff, nor hold a backslash or a dash that it would set as a hyphen.
function escaped(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^(?=\.)/gm, '\\&');
}
