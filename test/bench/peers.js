/** @import { Found } from './types.js' */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianMirror } from '../../build/debian-mirror.js';
import { installRuntimes } from '../../build/runtimes.js';
import { findProgram } from '../runs/programs.js';
import { execute } from '../vm/bed/execute.js';
import { cacheFolder } from '../vm/images/cache.js';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const recipe = fileURLToPath(new URL('recipe/peers.sh', import.meta.url));
const cached = join(project, 'test/vm/images/recipe/cached.sh');

/**
 * Where everything lies that takes part; a program that is absent is `{ absent: why }`.
 * @param {{ build: boolean, log: (line: string) => void }} options build: makes the trixie root if it is not cached
 */
export async function findPrograms({ build, log }) {
  const { node } = installRuntimes();
  const executable = join(project, 'dist/linux-x64/vmssh');
  if (!existsSync(executable)) throw new Error('no executable: npm run build:exe');
  const root = await peersRoot({ build, log });
  return {
    executable,
    script: join(project, 'dist/vmssh.js'),
    index: join(project, 'dist/index.mjs'),
    node: process.execPath,
    newestNode: node,
    root,
    systemd: inRoot(root, '/usr/lib/systemd/systemd-ssh-proxy'),
    libvirt: inRoot(root, '/usr/lib/libvirt/libvirt-ssh-proxy'),
    socat: onPath('socat', 'socat'),
    ncat: onPath('ncat', 'ncat'),
    ssh: onPath('ssh', 'openssh-client'),
    sshd: onPath('sshd', 'openssh-server'),
    sshKeygen: onPath('ssh-keygen', 'openssh-client'),
    valgrind: onPath('valgrind', 'valgrind'),
  };
}

/** @param {Awaited<ReturnType<typeof findPrograms>>} programs */
export function versions(programs) {
  const firstLine = (
    /** @type {string | undefined} */ program,
    /** @type {string} */ flag,
    expression = /(\S+)/,
  ) => {
    if (!program) return 'absent';
    const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
    return expression.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
  };
  return {
    vmssh: firstLine(programs.executable, '--version'),
    node: process.version,
    'newest node': firstLine(programs.newestNode, '--version'),
    systemd: programs.systemd.path ? systemdVersion(programs.root.path ?? '') : 'absent',
    socat: firstLine(programs.socat.path, '-V', /socat version (\S+)/),
    ncat: firstLine(programs.ncat.path, '--version', /Version (\S+)/),
    ssh: firstLine(programs.ssh.path, '-V', /OpenSSH_([^\s,]+)/),
  };
}

/** @param {string} root */
function systemdVersion(root) {
  const library = readdirSync(join(root, 'usr/lib/x86_64-linux-gnu/systemd')).find((name) =>
    name.startsWith('libsystemd-shared'),
  );
  return /(\d+[^/]*)\.so/.exec(library ?? '')?.[1] ?? 'unknown';
}

/** @param {Found} root @param {string} path */
function inRoot(root, path) {
  return root.path ? { path } : { absent: root.absent };
}

/** @param {{ build: boolean, log: (line: string) => void }} options @returns {Promise<Found>} */
async function peersRoot({ build, log }) {
  const cache = cacheFolder();
  const key = createHash('sha256').update(readFileSync(recipe)).digest('hex').slice(0, 12);
  const path = join(cache, `peers-${key}`);
  if (process.getuid?.() !== 0) return { absent: 'entering its root by chroot needs root: run as root' };
  if (existsSync(path)) return { path };
  if (!build) return { absent: 'its root is not in the cache, and --quick does not build it: npm run bench' };
  const { absent } = onPath('mmdebstrap', 'mmdebstrap');
  if (absent) return { absent };
  try {
    log('building the root with the proxies of systemd 257 and libvirt …');
    await execute('bash', [cached, cache, 'peers', key, 'bash', recipe], {
      env: { ...process.env, MIRROR: debianMirror() },
      timeout: 600,
    });
    return { path };
  } catch (error) {
    return { absent: `its root could not be built: ${/** @type {Error} */ (error).message.split('\n')[0]}` };
  }
}

/** Where a program lies, or which package has it. @param {string} name @param {string} deb @returns {Found} */
function onPath(name, deb) {
  const path = findProgram(name);
  return path ? { path } : { absent: `not installed: apt-get install ${deb}` };
}

/**
 * Of a program that is absent no command is run.
 * @param {Found} found
 */
export function pathOf({ path = '' }) {
  return path;
}
