import { exitCode } from '../errors.js';
import { kinds } from '../kinds/kinds.js';
import { bold, entry, italic } from './man-roff.js';

/** The pages of commands that run a tool of ssh, accept a machine's name, ask for machines, or open a connection. */
const tools = ['ssh', 'scp', 'sftp', 'rsync'];
const naming = [...tools, 'check', 'nc', 'resolve', 'forget', 'doctor'];
const looking = [...naming, 'list', 'config', 'completion'];
const opening = ['proxy', 'check', 'nc', 'doctor', 'guest'];

/** EXIT STATUS of a page; of the overview if `first` is absent. */
export function exitStatus(first: string | undefined): string {
  const all: readonly [keyof typeof exitCode, string, readonly string[] | undefined][] = [
    ['ok', 'done', undefined],
    ['connect', failed(first), undefined],
    ['usage', 'the command line or the target is invalid', undefined],
    ['noBanner', 'connected, but no SSH banner came', opening],
    ['notFound', 'no such machine, or several', [...naming, ...opening]],
    ['interrupted', 'interrupted by Ctrl-C', [...opening, 'list']],
  ];
  const codes = all
    .filter(([, , pages]) => first === undefined || pages === undefined || pages.includes(first))
    .map(([name, meaning]) => entry(bold(String(exitCode[name])), meaning));
  const isTool = first !== undefined && tools.includes(first);
  const own = isTool ? [entry(italic('any'), `the exit code of ${first}, once it runs`)] : [];
  return [...own, ...codes].join('');
}

function failed(first: string | undefined): string {
  switch (first) {
    case 'doctor':
      return 'something is wrong';
    case 'config':
      return 'it failed; with diff or --dry-run: something would change';
    case 'list':
      return 'a provider that --provider names could not be asked';
    default:
      return 'could not connect, or another failure';
  }
}

interface Variable {
  readonly name: string;
  readonly about: string;
  /** The pages of the commands that read it; undefined: all. */
  readonly pages?: readonly string[];
}

const variables: readonly Variable[] = [
  {
    name: 'VMSSH_SSH, HV_SSH_COMMAND',
    about: 'another ssh: an absolute path, or a program and its options',
    pages: tools,
  },
  {
    name: 'VMSSH_WINDOWS',
    about: 'inside WSL2: the vmssh.exe that reaches machines of Windows',
    pages: [...looking, 'proxy', 'guest'],
  },
  {
    name: 'VMSSH_NO_SANDBOX',
    about:
      'if it is not empty: a long-running relay of the executable keeps all system calls, so that it can be traced',
    pages: ['proxy', 'nc'],
  },
  {
    name: 'HOME',
    about: "whose .ssh has vmssh's files; ssh itself uses the home directory from the user's passwd entry",
    pages: [...tools, 'config', 'forget', 'doctor'],
  },
  {
    name: 'XDG_RUNTIME_DIR',
    about: "where the user's own systemd-machined and libvirtd listen",
    pages: [...looking, 'proxy'],
  },
  {
    name: 'DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, CONTAINER_HOST',
    about: 'the unix sockets of Docker and Podman; addresses on a network are not asked',
    pages: [...looking, 'proxy'],
  },
  {
    name: 'INCUS_SOCKET, INCUS_DIR, INCUS_CONF, LXD_DIR, XDG_CONFIG_HOME',
    about: 'where Incus and LXD listen and have their settings, as for their own programs',
    pages: [...looking, 'proxy'],
  },
  {
    name: 'LIMA_HOME',
    about: "Lima's folder; config install --fresh has systemd watch it, and passes it and PATH to its unit",
    pages: ['config'],
  },
  {
    name: 'NO_COLOR, FORCE_COLOR, TERM',
    about: 'no colours; colours in a pipe too; if it is dumb: no colours and no spinner',
  },
];

/** ENVIRONMENT of a page; of the overview if `first` is absent. */
export function environment(first: string | undefined): string {
  return variables
    .filter(({ pages }) => isOf(pages, first))
    .map(({ name, about }) => entry(bold(name), about))
    .join('');
}

const keyFiles = [...tools, 'config', 'forget', 'doctor'];

const files: readonly Variable[] = [
  {
    name: '~/.ssh/config',
    about: 'vmssh config install puts one Include into it',
    pages: ['config', 'doctor'],
  },
  { name: '~/.ssh/vmssh.conf', about: 'what vmssh config install writes', pages: ['config', 'doctor'] },
  {
    name: '~/.ssh/vmssh.json',
    about: 'what it decided and found, from which those lines are made',
    pages: ['config', 'doctor', 'list'],
  },
  {
    name: '~/.config/systemd/user/vmssh-hosts.service, .path, .timer',
    about: 'what keeps the Hosts up to date: vmssh config install --fresh writes them',
    pages: ['config', 'doctor'],
  },
  { name: '~/.ssh/vmssh_known_hosts', about: 'the host keys of machines', pages: keyFiles },
  {
    name: '/etc/ssh/ssh_config.d/10-vmssh.conf',
    about: "for all users: a link to the package's lines, or what vmssh config install --system writes",
    pages: ['config', 'doctor'],
  },
  {
    name: '/usr/share/doc/vmssh/docs',
    about:
      'the pages that are named docs/... here and by --help; vmssh --help says where they are on this system',
  },
];

/** FILES of a page; of the overview if `first` is absent. */
export function filesOf(first: string | undefined): string {
  return files
    .filter(({ pages }) => isOf(pages, first))
    .map(({ name, about }) => entry(italic(name), about))
    .join('');
}

/** TARGETS of the overview. */
export function targets(): string {
  return kinds.map(({ form, summary }) => entry(bold(form), summary)).join('');
}

function isOf(pages: readonly string[] | undefined, first: string | undefined): boolean {
  return pages === undefined || first === undefined || pages.includes(first);
}
