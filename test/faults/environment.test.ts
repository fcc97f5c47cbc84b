import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { executable, vmssh } from '../helpers/run.js';
import { type Fault, faults } from './fault.js';

const greeting = 'SSH-2.0-x\r\n';
/** Sends and ends. */
const answers: Fault['peer'] = (socket) => socket.resume().end(greeting, () => socket.destroy());
/** Sends, and ends once all that is sent to it has come. */
const takes: Fault['peer'] = (socket) => socket.resume().once('end', () => socket.end(greeting));

/** A line of shell around the program, which is "$@". */
const inShell = (line: string, ...args: readonly string[]) => ['sh', '-c', line, 'sh', ...vmssh, ...args];
const proxy = (line: string) => (socket: string) => inShell(line, 'proxy', `unix${socket}`, '22');
const nc = (line: string) => (socket: string) => inShell(line, 'nc', '--pipe', `unix${socket}`, '22');

/** With stdout closed. Node opens /dev/null in its place before any of our code runs, as parents do that ignore the output. */
const closed: Pick<Fault, 'ends' | 'says'> = executable
  ? { ends: 1, says: /\bEBADF\b/ }
  : { ends: 0, says: '' };

// Memory of which nothing is mapped: reading and writing it fails as a file on a failing disk does.
const memory = openSync('/proc/self/mem', 'r+');
afterAll(() => closeSync(memory));

describe('a standard stream', () =>
  faults('standard streams', [
    {
      name: 'stdin is closed',
      peer: answers,
      command: proxy('"$@" <&-'),
      ends: 0,
      says: /^/,
      prints: /^(SSH-2\.0-x\r\n)?$/,
    },
    { name: 'stdout is closed', peer: answers, command: proxy('"$@" >&-'), ...closed },
    { name: 'stdout is closed, for --version', command: () => inShell('"$@" >&-', '--version'), ...closed },
    { name: 'stdout is closed, for --help', command: () => inShell('"$@" >&-', '--help'), ...closed },
    {
      name: 'stdout is closed, for a list',
      command: () => inShell('"$@" >&-', 'list', '--provider=nspawn', '--json'),
      ...closed,
    },
    {
      name: 'stderr is closed',
      peer: answers,
      command: proxy('"$@" 2>&-'),
      ends: 0,
      says: '',
      prints: /^SSH-2\.0-x\r\n$/,
    },
    { name: 'stderr is closed, and there is an error', command: proxy('"$@" 2>&-'), ends: 1, says: '' },
    { name: 'stderr is full, and there is an error', command: proxy('"$@" 2>/dev/full'), ends: 1, says: '' },
    {
      name: 'stdout is full: /dev/full',
      peer: answers,
      command: proxy('"$@" >/dev/full'),
      ends: 1,
      says: /no space left for the output on this side \(ENOSPC\)/,
    },
    {
      name: 'stdout is full, for --version',
      command: () => inShell('"$@" >/dev/full', '--version'),
      ends: 1,
      says: /ENOSPC/,
    },
    {
      name: 'stdout is full, for a list',
      command: () => inShell('"$@" >/dev/full', 'list', '--provider=nspawn', '--json'),
      ends: 1,
      says: /ENOSPC/,
    },
    {
      name: 'stdin is a folder',
      peer: takes,
      command: nc('"$@" </'),
      ends: 1,
      says: /stdin or stdout failed on this side \(EISDIR\)/,
    },
    {
      name: 'stdin is a file that cannot be read',
      peer: takes,
      command: nc('"$@"'),
      options: { stdio: [memory, 'pipe', 'pipe'] },
      ends: 1,
      says: /stdin or stdout failed on this side \(EIO\)/,
    },
    {
      name: 'stdout is a file that cannot be written',
      peer: answers,
      command: nc('"$@"'),
      options: { stdio: ['pipe', memory, 'pipe'] },
      ends: 1,
      says: /stdin or stdout failed on this side \(EIO\)/,
    },
    {
      name: 'stdout is a file at its limit of size',
      peer: answers,
      command: nc('cd "$HOME"; trap "" XFSZ; ulimit -f 0; "$@" >limited'),
      ends: 1,
      says: /EFBIG/,
    },
    { name: 'stdout and stdin are closed', peer: answers, command: proxy('"$@" <&- >&-'), ...closed },
  ]));

describe('what a process has', () =>
  faults('limits and environment', [
    { name: 'no HOME', peer: answers, command: proxy('unset HOME; "$@"'), ends: 0, says: '', prints: /^SSH/ },
    {
      name: 'TMPDIR does not exist',
      peer: answers,
      command: proxy('TMPDIR=/nowhere "$@"'),
      ends: 0,
      says: '',
      prints: /^SSH/,
    },
    {
      name: 'no environment at all',
      peer: answers,
      command: proxy('exec env -i "$@"'),
      ends: 0,
      says: '',
      prints: /^SSH/,
    },
    {
      name: 'the current folder is removed',
      peer: answers,
      command: proxy('mkdir -p "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && "$@"'),
      ends: 0,
      says: '',
      prints: /^SSH/,
    },
    {
      name: 'a variable of a hundred thousand characters',
      peer: answers,
      command: proxy('export LONG=$(head -c 100000 /dev/zero | tr "\\0" x); "$@"'),
      ends: 0,
      says: '',
      prints: /^SSH/,
    },
    ...(executable
      ? [
          {
            name: 'four descriptors',
            peer: answers,
            command: proxy('ulimit -n 4; exec "$@"'),
            ends: 1,
            says: /too many files are open|EMFILE|no file descriptor/,
          } satisfies Fault,
          {
            name: 'three descriptors',
            peer: answers,
            command: proxy('ulimit -n 3; exec "$@"'),
            ends: 1,
            says: /too many files are open|EMFILE|no file descriptor/,
          } satisfies Fault,
          {
            name: 'RLIMIT_AS leaves memory only for the program',
            peer: answers,
            command: proxy('ulimit -v $(($(stat -c %s "$1") / 1024 + 800)); exec "$@"'),
            ends: 1,
            says: /memory/,
          } satisfies Fault,
        ]
      : []),
  ]));

/** A shell in a mount namespace of its own, in which the first line has changed something. */
const apart = (change: string, ...args: readonly string[]) => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', `${change} && exec "$@"`, 'sh'],
  ...[...vmssh, ...args],
];
const isRoot = process.getuid?.() === 0;

const before = 'Host a\n    User b\n';
function newHome(dir: string): string {
  const home = join(dir, `home-${readdirSync(dir).length}`);
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, '.ssh/config'), before);
  return home;
}
/** What `config install` leaves if it cannot write: the file as it was, and nothing else. */
function asBefore(dir: string): void {
  for (const home of readdirSync(dir).filter((name) => name.startsWith('home-'))) {
    const folder = join(dir, home, '.ssh');
    if (readFileSync(join(folder, 'config'), 'utf8') !== before) throw new Error(`${folder}/config is torn`);
    const left = readdirSync(folder).filter((name) => !['config', 'vmssh.conf'].includes(name));
    if (left.length > 0 || existsSync(join(folder, 'vmssh.conf')))
      throw new Error(`left: ${left.join(', ')}`);
  }
}
const install = (change: string) => (_: string, dir: string) => {
  const home = newHome(dir);
  return ['env', `HOME=${home}`, `H=${home}`, ...apart(change, 'config', 'install', '--only-patterns')];
};

describe.skipIf(!isRoot || missingPrograms({ unshare: 'util-linux' }))('a file system', () =>
  faults('file systems', [
    {
      name: 'no /proc',
      peer: answers,
      command: (socket) => apart('mount -t tmpfs none /proc', 'proxy', `unix${socket}`, '22'),
      ends: 0,
      says: '',
      prints: /^SSH/,
    },
    {
      name: '`config install` with a full disk',
      command: install(
        'mount -t tmpfs -o size=8k none "$H/.ssh" && printf "Host a\\n    User b\\n" >"$H/.ssh/config" && { head -c 9000 /dev/zero >"$H/.ssh/fill" 2>/dev/null || :; }',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      prints: /^wrote .*\/hosts\.json\n$/,
      check: asBefore,
    },
    {
      name: '`config install` with a full disk for its state',
      command: install(
        'mkdir "$H/.local" && mount -t tmpfs -o size=4k none "$H/.local" && { head -c 9000 /dev/zero >"$H/.local/fill" 2>/dev/null || :; }',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      check: asBefore,
    },
    {
      name: '`config install` with a read-only home',
      command: install('mount --bind "$H" "$H" && mount -o remount,bind,ro "$H"'),
      ends: 1,
      says: /EROFS|read-only/,
      check: asBefore,
    },
    {
      name: '`config install` without free inodes',
      command: install(
        'mount -t tmpfs -o nr_inodes=2 none "$H/.ssh" && printf "Host a\\n" >"$H/.ssh/config"',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      prints: /^wrote .*\/hosts\.json\n$/,
      check: asBefore,
    },
    {
      name: '`config install` with a folder in place of ~/.ssh/config',
      command: install('mount -t tmpfs none "$H/.ssh" && mkdir "$H/.ssh/config"'),
      ends: 1,
      says: /config/,
      check: asBefore,
    },
    {
      name: '`config install` with a file in place of ~/.ssh',
      command: install('rm -r "$H/.ssh" && touch "$H/.ssh"'),
      ends: 1,
      says: /\.ssh/,
    },
  ]),
);

describe.skipIf(missingPrograms({ strace: 'strace' }))('a folder', () =>
  faults('file systems', [
    {
      name: '`list`, and /proc cannot be read',
      command: () => [
        ...['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getdents64:error=EIO'],
        ...[...vmssh, 'list', '--provider=qemu'],
      ],
      ends: 1,
      says: /scandir '\/proc' \(EIO\)/,
    },
  ]),
);
