import environmentPage from '../../docs/reference/environment.md';
import { exitCode } from '../../src/base/errors.js';
import { version } from '../../src/base/version.js';
import { type Command, examplesOn, groupSummaries, type OptionSpec, shownOn } from '../../src/cli/command.js';
import { kinds } from '../../src/kinds/kinds.js';

/** A manual page of section 1, from the same values as --help; the commands of a group share one. */
interface ManPage {
  readonly file: string;
  readonly text: string;
}

/** The overview, and a page for each command or group; with the options that `platform` shows. `date`: "2026-11-24", of the sources. */
export function manPages(
  commands: readonly Command<unknown>[],
  platform: NodeJS.Platform,
  date: string,
): readonly ManPage[] {
  const groups = new Map<string, Command<unknown>[]>();
  for (const command of commands) {
    const [first = ''] = command.name.split(' ');
    const options = shownOn(platform, command.options);
    const examples = examplesOn(platform, command);
    groups.set(first, [...(groups.get(first) ?? []), { ...command, options, examples }]);
  }
  const pages = [...groups].map(([first, members]) => ({
    file: `vmssh-${first}.1`,
    text: page(first, members, platform, date),
  }));
  return [{ file: 'vmssh.1', text: overviewPage([...groups], platform, date) }, ...pages];
}

function overviewPage(
  groups: readonly [string, readonly Command<unknown>[]][],
  platform: NodeJS.Platform,
  date: string,
): string {
  const about =
    'vmssh connects ssh to virtual machines and containers by AF_VSOCK, AF_HYPERV and unix sockets. Set up once, ssh takes their names and targets itself; vmssh ssh needs no set-up.';
  const commands = groups.map(
    ([first, members]) => `.TP\n.BR vmssh\\-${escapeRoff(first)} (1)\n${text(summaryOf(first, members))}`,
  );
  return [
    title('VMSSH', date),
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
    section('EXAMPLES', entries(firstSteps)),
    ...commonSections(undefined, platform),
    section('SEE ALSO', '.BR ssh (1),\n.BR ssh_config (5),\n.BR systemd\\-ssh\\-proxy (1)'),
  ].join('');
}

const firstSteps = {
  'vmssh list': 'the machines of this host, and what to type for each',
  'vmssh config install': 'set ssh up: from then on ssh mint, scp and rsync take their names',
  'ssh root@vsock/3': 'an address: the virtual machine with CID 3',
  'vmssh ssh mint': 'a login without set-up',
  'vmssh check mint': 'if a login fails: each step, the cause and the fix',
};

function page(
  first: string,
  members: readonly Command<unknown>[],
  platform: NodeJS.Platform,
  date: string,
): string {
  const names = first === 'nc' ? 'vmssh\\-nc, vsock\\-nc' : `vmssh\\-${escapeRoff(first)}`;
  const ofEach = (body: (command: Command<unknown>) => string) => {
    const bodies = members.map((command) => ({ name: command.name, body: body(command) }));
    const [only] = bodies;
    if (members.length === 1) return only?.body ?? '';
    return bodies.map(({ name, body }) => (body === '' ? '' : part(`vmssh ${name}`, body))).join('');
  };
  return [
    title(`VMSSH-${first.toUpperCase()}`, date),
    section('NAME', `${names} \\- ${escapeRoff(summaryOf(first, members))}`),
    section('SYNOPSIS', members.map(synopsis).join('\n.br\n')),
    section(
      'DESCRIPTION',
      ofEach(({ summary, details }) => text(summary) + (details ? `.PP\n${text(details)}` : '')),
    ),
    section(
      'OPTIONS',
      ofEach(({ options }) => options.map((option) => entry(termOf(option), option.summary)).join('')),
    ),
    section(
      'EXAMPLES',
      ofEach(({ examples }) => entries(examples)),
    ),
    ...commonSections(first, platform),
    section('SEE ALSO', '.BR vmssh (1)'),
  ].join('');
}

function commonSections(first: string | undefined, platform: NodeJS.Platform): readonly string[] {
  return [
    section('EXIT STATUS', exitStatus(first)),
    section('ENVIRONMENT', first === undefined ? environment(platform) : text('See vmssh (1).')),
    section('FILES', filesOf(first)),
  ];
}

function summaryOf(first: string, members: readonly Command<unknown>[]): string {
  return groupSummaries[first] ?? members.map(({ summary }) => summary).join('; ');
}

function synopsis({ name, usage, options }: Command<unknown>): string {
  const words = [...(options.length > 0 ? ['[option...]'] : []), ...(usage === '' ? [] : [usage])];
  const line = `.B vmssh ${escapeRoff(name)}\n${escapeRoff(words.join(' '))}`.trimEnd();
  if (name !== 'nc') return line;
  return `${line}\n.br\n.B vsock\\-nc\n${escapeRoff(words.join(' '))}`;
}

/** "-p, --port PORT", "--wait[=SECONDS]". */
function termOf({ long, short, value, optionalValue }: OptionSpec): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`].map(bold).join(', ');
  if (value === undefined) return names;
  return optionalValue ? `${names}[\\fB=\\fI${escapeRoff(value)}\\fR]` : `${names} ${italic(value)}`;
}

function title(name: string, date: string): string {
  // No hyphenation and no justification: the text has shell commands.
  return `.TH ${name} 1 "${date}" "vmssh ${version}" "vmssh"\n.nh\n.ad l\n`;
}

/** The pages of commands that run a tool of ssh, accept a machine's name, or open a connection. */
const tools = ['ssh', 'scp', 'sftp', 'rsync'];
const naming = [...tools, 'check', 'nc', 'forget'];
const opening = ['proxy', 'check', 'nc', 'guest'];

/** Of a page; of the overview if `first` is absent. */
function exitStatus(first: string | undefined): string {
  const all: readonly [keyof typeof exitCode, string, readonly string[] | undefined][] = [
    ['ok', 'done', undefined],
    ['connect', failures[first ?? ''] ?? 'could not connect, or another failure', undefined],
    ['usage', 'the command line or the target is invalid', undefined],
    ['noBanner', 'connected, but no SSH banner came', opening],
    ['notFound', 'no such machine, several, or it is off', [...naming, ...opening]],
    ['interrupted', 'interrupted by Ctrl-C', [...opening, 'list']],
    ['noLogin', 'ssh, scp, sftp, rsync: it failed before the tool ran', []],
  ];
  if (first !== undefined && tools.includes(first)) {
    const { noLogin, interrupted } = exitCode;
    return (
      entry(italic('any'), `the exit code of ${first}, once it runs`) +
      entry(bold(`${noLogin}`), `vmssh failed before ${first} ran`) +
      entry(bold(`${interrupted}`), 'interrupted by Ctrl-C')
    );
  }
  return all
    .filter(([, , pages]) => isOf(pages, first))
    .map(([name, meaning]) => entry(bold(String(exitCode[name])), meaning))
    .join('');
}

/** What exit code 1 means on a page. */
const failures: Readonly<Record<string, string>> = {
  doctor: 'something is wrong',
  check: 'could not connect, or something is wrong in the guest',
  config: 'it failed; with diff or --dry-run: something would change',
  list: 'a provider that --provider names could not be asked',
};

/** ENVIRONMENT of the overview: the first table of docs/reference/environment.md, which a test compares with the sources. */
function environment(platform: NodeJS.Platform): string {
  const table = environmentPage.slice(environmentPage.indexOf('\n| ---')).split('\n\n', 1)[0] ?? '';
  return [...table.matchAll(/^\| (.*`) (\(Windows\) )?\| (.*) \|$/gm)]
    .filter(
      ([, , onWindows, about = '']) =>
        platform === 'win32' || !(onWindows ?? about.startsWith('on Windows:')),
    )
    .map(([, names = '', , about = '']) => entry(bold(plain(names)), plain(about)))
    .join('');
}

function plain(markdown: string): string {
  return markdown.replaceAll(/\[(.*?)\]\(.*?\)/g, '$1').replaceAll('`', '');
}

const keyFiles = [...tools, 'config', 'forget', 'doctor'];

interface File {
  readonly name: string;
  readonly about: string;
  /** The pages of the commands that use it; undefined: all. */
  readonly pages?: readonly string[];
}

const hosts = ['config', 'doctor'];

const files: readonly File[] = [
  { name: '~/.ssh/config', about: 'vmssh config install puts one Include into it', pages: hosts },
  { name: '~/.ssh/vmssh.conf', about: 'what vmssh config install writes', pages: hosts },
  {
    name: '~/.local/state/vmssh/hosts.json',
    about: 'what it decided and found, from which those lines are made',
    pages: [...hosts, 'list'],
  },
  {
    name: '~/.local/state/vmssh/routes.json',
    about: 'the routes that worked last time, for machines that have several',
    pages: [...tools, 'proxy', 'config'],
  },
  {
    name: '~/.config/systemd/user/vmssh-hosts.service, .path, .timer, vmssh-hosts-soon.timer',
    about: 'what keeps the Hosts up to date: vmssh config install --fresh writes them',
    pages: hosts,
  },
  { name: '~/.ssh/vmssh_known_hosts', about: 'the host keys of machines', pages: keyFiles },
  {
    name: '/etc/ssh/ssh_config.d/00-vmssh.conf',
    about: 'for all users: what vmssh config install --system writes',
    pages: hosts,
  },
  {
    name: '/etc/ssh/ssh_config.d/30-vmssh.conf',
    about: "the package's link to its lines, which leave to systemd the kinds that its own proxy serves",
    pages: hosts,
  },
  {
    name: '/usr/share/doc/vmssh/docs',
    about:
      'the pages that are named docs/... here and by --help; vmssh --help says where they are on this system',
  },
];

function filesOf(first: string | undefined): string {
  return files
    .filter(({ pages }) => isOf(pages, first))
    .map(({ name, about }) => entry(italic(name), about))
    .join('');
}

function targets(): string {
  return kinds.map(({ form, summary }) => entry(bold(form), summary)).join('');
}

function isOf(pages: readonly string[] | undefined, first: string | undefined): boolean {
  return pages === undefined || first === undefined || pages.includes(first);
}

function section(name: string, body: string): string {
  return body === '' ? '' : `.SH ${name}\n${body.trimEnd()}\n`;
}

function part(name: string, body: string): string {
  return `.SS ${escapeRoff(name)}\n${body.trimEnd()}\n`;
}

/** A tagged paragraph: a term in man(7), and its description. */
function entry(tag: string, about: string): string {
  return `.TP\n${tag}\n${text(about)}`;
}

/** The same for command lines, each with what it does. */
function entries(lines: Command<unknown>['examples']): string {
  return Object.entries(lines)
    .map(([line, about]) => entry(bold(line), about))
    .join('');
}

function text(content: string): string {
  return `${escapeRoff(content)}\n`;
}

function bold(content: string): string {
  return `\\fB${escapeRoff(content)}\\fR`;
}

function italic(content: string): string {
  return `\\fI${escapeRoff(content)}\\fR`;
}

/** Escapes what roff would read as a command, an escape or a hyphen. */
function escapeRoff(content: string): string {
  return content
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^(?=\.)/gm, '\\&');
}
