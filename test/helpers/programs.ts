import { existsSync } from 'node:fs';
import { findProgram } from '../runs/programs.js';
import { skip } from './skips.js';

export { findProgram };

/** Why a suite cannot run, with the remedy; undefined if all programs are there. With VMSSH_NO_SKIP=1 it throws. */
export function missingPrograms(packages: Readonly<Record<string, string>>): string | undefined {
  return missingOf(packages, (name) => findProgram(name) !== undefined);
}

/** The Debian packages of what many tests need. */
const packagesOf = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  'dpkg-query': 'dpkg',
  'g++': 'g++',
  git: 'git',
  jq: 'jq',
  mount: 'mount',
  openssl: 'openssl',
  python3: 'python3',
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
