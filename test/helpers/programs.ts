import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram as findIn } from '../runs/programs.js';
import { skip } from './skips.js';
import { script } from './temp-dir.js';

/** What a test may run without naming it: what every Debian has. */
const everywhere = `
  sh bash awk sed grep find xargs tar gzip getent hostname cmp diff setsid runuser
  [ base64 basename cat chgrp chmod chown chroot cksum comm cp cut date dd df dirname du echo env expand expr false fold
  head id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc od paste printenv
  printf pwd readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shuf sleep sort split stat stdbuf stty sync tac
  tail tee test timeout touch tr true truncate tty uname uniq unlink wc whoami yes`
  .trim()
  .split(/\s+/);

/** Gives the test file that comes next a PATH of its own, a folder with only what is `everywhere`. */
export function resetPath(): void {
  process.env.VMSSH_TEST_PATH ??= process.env.PATH ?? '';
  const folder = ownFolder();
  if (!existsSync(folder)) mkdirSync(folder);
  const there = new Set(readdirSync(folder));
  for (const name of everywhere) if (!there.delete(name)) link(name, findProgram(name));
  if (!there.delete('node')) link('node', process.execPath);
  for (const name of there) rmSync(join(folder, name));
  process.env.PATH = folder;
}

/** Where a program of this system lies, without putting it into PATH. */
export function findProgram(name: string): string | undefined {
  return findIn(name, process.env.VMSSH_TEST_PATH);
}

/** A PATH with an ssh in front that reads this file in place of the user's and the system's. */
export function pathWithSsh(folder: string, configFile: string, path = process.env.PATH): string {
  mkdirSync(folder, { recursive: true });
  script(join(folder, 'ssh'), `exec '${findProgram('ssh')}' -F '${configFile}' "$@"`);
  return `${folder}:${path}`;
}

/**
 * Puts programs into PATH for this test file. Returns why a suite cannot run, with the remedy; undefined if all are there. With
 * VMSSH_NO_SKIP=1 it throws.
 */
export function missingPrograms(packages: Readonly<Record<string, string>>): string | undefined {
  const more = Object.values(packages).flatMap((name) => together[name] ?? []);
  for (const name of more) link(name, findProgram(name));
  return missingOf(packages, (name) => link(name, findProgram(name)));
}

const compilers = ['ar', 'as', 'c++', 'cc', 'g++', 'gcc', 'ld'];
const roff = ['col', 'groff', 'grotty', 'locale', 'man', 'nroff', 'preconv', 'tbl', 'troff'];
const openssh = ['scp', 'sftp', 'ssh', 'ssh-add', 'ssh-agent', 'ssh-keygen', 'ssh-keyscan'];
/** Who names one program of these packages gets the others too. */
const together: Readonly<Record<string, readonly string[]>> = {
  'g++': compilers,
  gcc: compilers,
  'openssh-client': openssh,
  'openssh-server': openssh,
  git: ['git', 'git-upload-pack', 'git-receive-pack'],
  dpkg: [
    'dpkg',
    'dpkg-deb',
    'dpkg-divert',
    'dpkg-query',
    'dpkg-split',
    'dpkg-trigger',
    'ldconfig',
    'start-stop-daemon',
  ],
  groff: roff,
  'man-db': roff,
  'util-linux': ['nsenter', 'prlimit', 'setpriv', 'unshare'],
};

/** The Debian packages of what many tests need. */
const packagesOf = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  'dpkg-query': 'dpkg',
  'g++': 'g++',
  git: 'git',
  jq: 'jq',
  mount: 'mount',
  objdump: 'binutils',
  openssl: 'openssl',
  python3: 'python3',
  readelf: 'binutils',
  rsync: 'rsync',
  scp: 'openssh-client',
  script: 'bsdutils',
  shellcheck: 'shellcheck',
  socat: 'socat',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  strace: 'strace',
  'systemd-analyze': 'systemd',
  'systemd-socket-activate': 'systemd',
  unshare: 'util-linux',
} as const;

/** The same for programs that many tests need. */
export function lacks(...names: readonly (keyof typeof packagesOf)[]): string | undefined {
  return missingPrograms(Object.fromEntries(names.map((name) => [name, packagesOf[name]])));
}

/** The same for files by their paths. */
export function missingFiles(packages: Readonly<Record<string, string>>): string | undefined {
  return missingOf(packages, existsSync);
}

/** Why no sshd can be brought into a machine, with the remedy; undefined if one can. */
export function missingBrought(): string | undefined {
  const isBuilt = existsSync(`dist/sshd/linux-${process.arch}/sshd`);
  return isBuilt ? undefined : skip('the sshd for --bring-sshd is not built: npm run build:sshd');
}

function missingOf(
  packages: Readonly<Record<string, string>>,
  isThere: (name: string) => boolean,
): string | undefined {
  const missing = Object.keys(packages).filter((name) => !isThere(name));
  if (missing.length === 0) return undefined;
  const wanted = new Set(missing.map((name) => packages[name]));
  return skip(`${missing.join(', ')} not found: apt-get install ${[...wanted].join(' ')}`);
}

/** Each worker has one folder. Other runs than those of vitest.config.ts have the PATH of the system. */
function ownFolder(): string {
  return join(process.env.VMSSH_TEST_HOME ?? '', `bin-${process.pid}`);
}

function link(name: string, path: string | undefined): boolean {
  const place = join(ownFolder(), name);
  if (path !== undefined && process.env.VMSSH_TEST_PATH !== undefined && !existsSync(place))
    symlinkSync(path, place);
  return path !== undefined;
}
