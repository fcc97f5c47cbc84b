import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { executable, vmssh, vmsshWords } from '../helpers/run.js';
import { writeTree } from '../helpers/temp-dir.js';
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
  faults('standard streams', {
    'stdin is closed': {
      peer: answers,
      command: proxy('"$@" <&-'),
      says: /^/,
      prints: /^(SSH-2\.0-x\r\n)?$/,
    },
    'stdout is closed': { peer: answers, command: proxy('"$@" >&-'), ...closed },
    'stdout is closed, for --version': { command: () => inShell('"$@" >&-', '--version'), ...closed },
    'stdout is closed, for --help': { command: () => inShell('"$@" >&-', '--help'), ...closed },
    'stdout is closed, for a list': {
      command: () => inShell('"$@" >&-', 'list', '--provider=nspawn', '--json'),
      ...closed,
    },
    'stderr is closed': { peer: answers, command: proxy('"$@" 2>&-'), prints: /^SSH-2\.0-x\r\n$/ },
    'stderr is closed, and there is an error': { command: proxy('"$@" 2>&-'), ends: 1 },
    'stderr is full, and there is an error': { command: proxy('"$@" 2>/dev/full'), ends: 1 },
    'stdout is full: /dev/full': {
      peer: answers,
      command: proxy('"$@" >/dev/full'),
      ends: 1,
      says: /no space left for the output on this side \(ENOSPC\)/,
    },
    'stdout is full, for --version': {
      command: () => inShell('"$@" >/dev/full', '--version'),
      ends: 1,
      says: /ENOSPC/,
    },
    'stdout is full, for a list': {
      command: () => inShell('"$@" >/dev/full', 'list', '--provider=nspawn', '--json'),
      ends: 1,
      says: /ENOSPC/,
    },
    'stdin is a folder': {
      peer: takes,
      command: nc('"$@" </'),
      ends: 1,
      says: /stdin or stdout failed on this side \(EISDIR\)/,
    },
    'stdin is a file that cannot be read': {
      peer: takes,
      command: nc('"$@"'),
      options: { stdio: [memory, 'pipe', 'pipe'] },
      ends: 1,
      says: /stdin or stdout failed on this side \(EIO\)/,
    },
    'stdout is a file that cannot be written': {
      peer: answers,
      command: nc('"$@"'),
      options: { stdio: ['pipe', memory, 'pipe'] },
      ends: 1,
      says: /stdin or stdout failed on this side \(EIO\)/,
    },
    'stdout is a file at its limit of size': {
      peer: answers,
      command: nc('cd "$HOME"; trap "" XFSZ; ulimit -f 0; "$@" >limited'),
      ends: 1,
      says: /EFBIG/,
    },
    'stdout and stdin are closed': { peer: answers, command: proxy('"$@" <&- >&-'), ...closed },
  }));

describe('what a process has', () =>
  faults(
    'limits and environment',
    {
      'no HOME': { command: proxy('unset HOME; "$@"') },
      'TMPDIR does not exist': { command: proxy('TMPDIR=/proc/none "$@"') },
      'no environment at all': { command: proxy('exec env -i "$@"') },
      'the current folder is removed': {
        command: proxy('mkdir -p "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && "$@"'),
      },
      'a variable of a hundred thousand characters': {
        command: proxy('export LONG=$(head -c 100000 /dev/zero | tr "\\0" x); "$@"'),
      },
    },
    { peer: answers, prints: /^SSH/ },
  ));

describe.skipIf(!executable)('what the executable has', () =>
  faults(
    'limits and environment',
    {
      'four descriptors': { command: proxy('ulimit -n 4; exec "$@"') },
      'three descriptors': { command: proxy('ulimit -n 3; exec "$@"') },
      'RLIMIT_AS leaves memory only for the program': {
        command: proxy('ulimit -v $(($(stat -c %s "$1") / 1024 + 800)); exec "$@"'),
        says: /memory/,
      },
    },
    { peer: answers, ends: 1, says: /too many files are open|EMFILE|no file descriptor/ },
  ),
);

const inOwn = ['unshare', '--mount', '--propagation', 'private'];
/** A shell in a mount namespace of its own, in which the first line has changed something. */
const apart = (change: string, ...args: readonly string[]) => [
  ...[...inOwn, 'sh', '-c', `${change} && exec "$@"`, 'sh'],
  ...[...vmssh, ...args],
];
const isRoot = process.getuid?.() === 0;

const before = 'Host a\n    User b\n';
function newHome(dir: string): string {
  const home = join(dir, `home-${readdirSync(dir).length}`);
  writeTree(home, { '.ssh/config': before });
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

describe.skipIf(!isRoot || lacks('unshare', 'mount'))('a file system', () =>
  faults('file systems', {
    'no /proc': {
      peer: answers,
      command: (socket) => apart('mount -t tmpfs none /proc', 'proxy', `unix${socket}`, '22'),
      prints: /^SSH/,
    },
    '`config install` with a full disk': {
      command: install(
        'mount -t tmpfs -o size=8k none "$H/.ssh" && printf "Host a\\n    User b\\n" >"$H/.ssh/config" && { head -c 9000 /dev/zero >"$H/.ssh/fill" 2>/dev/null || :; }',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      check: asBefore,
    },
    '`config install` with a full disk for its state': {
      command: install(
        'mkdir "$H/.local" && mount -t tmpfs -o size=4k none "$H/.local" && { head -c 9000 /dev/zero >"$H/.local/fill" 2>/dev/null || :; }',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      check: asBefore,
    },
    '`config uninstall` with a full disk': {
      command: (_, dir) => {
        const home = newHome(dir);
        const full = 'mkdir "$HOME/.ssh" && printf "Host a\\n" >"$HOME/.ssh/config"';
        const config = `${full} && ${vmsshWords} config install --only-patterns >"$HOME/said"`;
        const fill = '{ head -c 199999 /dev/zero >"$HOME/fill" 2>/dev/null || :; }';
        const left = 'code=$?; find "$HOME" -name "*vmssh*"; exit $code';
        const script = `mount -t tmpfs -o size=100k,mode=700 none "$HOME" && ${config} && ${fill} && ${vmsshWords} config uninstall; ${left}`;
        return ['env', `HOME=${home}`, ...inOwn, 'sh', '-c', script];
      },
      ends: 1,
      says: /is full|ENOSPC|no space/,
      prints: /^Include .*\/\.ssh\/vmssh\.conf\n✓ Removed .*, .*\n$/,
    },
    '`config install` with a read-only home': {
      command: install('mount --bind "$H" "$H" && mount -o remount,bind,ro "$H"'),
      ends: 1,
      says: /EROFS|read-only/,
      check: asBefore,
    },
    '`config install` without free inodes': {
      command: install(
        'mount -t tmpfs -o nr_inodes=2 none "$H/.ssh" && printf "Host a\\n" >"$H/.ssh/config"',
      ),
      ends: 1,
      says: /ENOSPC|no space/,
      check: asBefore,
    },
    '`config install` with a folder in place of ~/.ssh/config': {
      command: install('mount -t tmpfs none "$H/.ssh" && mkdir "$H/.ssh/config"'),
      ends: 1,
      says: /config/,
      check: asBefore,
    },
    '`config install` with a file in place of ~/.ssh': {
      command: install('rm -r "$H/.ssh" && touch "$H/.ssh"'),
      ends: 1,
      says: /\.ssh/,
    },
  }),
);

describe.skipIf(lacks('strace'))('a folder', () =>
  faults('file systems', {
    '`list`, and /proc cannot be read': {
      command: () => [
        ...['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getdents64:error=EIO'],
        ...[...vmssh, 'list', '--provider=qemu'],
      ],
      ends: 1,
      says: /scandir '\/proc' \(EIO\)/,
    },
  }),
);
