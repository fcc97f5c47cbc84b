/** @import { Contender, Found, Programs } from './types.js' */
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
const empty = fileURLToPath(new URL('programs/empty.cjs', import.meta.url));

/** Where everything lies that takes part. `build`: makes the root of trixie if it is not cached. @param {boolean} build */
export async function findPrograms(build) {
  const { node } = installRuntimes();
  const executable = join(project, 'dist/linux-x64/vmssh');
  if (!existsSync(executable)) throw new Error('no executable: npm run build:exe');
  const root = await peersRoot(build);
  return {
    executable,
    script: join(project, 'dist/vmssh.js'),
    newestNode: node,
    root,
    systemd: root.path ? { path: '/usr/lib/systemd/systemd-ssh-proxy' } : root,
    socat: onPath('socat', 'socat'),
    ncat: onPath('ncat', 'ncat'),
    ssh: onPath('ssh', 'openssh-client'),
    sshd: onPath('sshd', 'openssh-server'),
    sshKeygen: onPath('ssh-keygen', 'openssh-client'),
  };
}

/** @param {Awaited<ReturnType<typeof findPrograms>>} programs @returns {Readonly<Record<string, string>>} */
export function versions({ executable, newestNode, root, socat, ssh }) {
  const first = (
    /** @type {string | undefined} */ program,
    /** @type {string} */ flag,
    expression = /(\S+)/,
  ) => {
    if (!program) return 'absent';
    const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
    return expression.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
  };
  const libraries = root.path ? readdirSync(join(root.path, 'usr/lib/x86_64-linux-gnu/systemd')) : [];
  return {
    vmssh: first(executable, '--version'),
    node: process.version,
    'newest node': first(newestNode, '--version'),
    systemd: /libsystemd-shared-(\d+)/.exec(libraries.join(' '))?.[1] ?? 'absent',
    socat: first(socat.path, '-V', /socat version (\S+)/),
    ssh: first(ssh.path, '-V', /OpenSSH_([^\s,]+)/),
  };
}

/**
 * All that can connect to a socket, and processes that connect to nothing: what only starting costs.
 * @param {Programs} programs
 * @param {string} socket in the peers' root if there is one
 */
export function contenders(
  { executable, script, newestNode, connectC, root, systemd, socat, ncat, ...more },
  socket,
) {
  const host = `unix${socket}`;
  const inside = root.path ? socket.slice(root.path.length) : socket;
  /** @type {(name: string, start: readonly string[]) => Record<'pass' | 'relay', Contender>} */
  const vmssh = (name, start) => ({
    pass: { name, command: [...start, 'proxy', '--fdpass', '--typed', host, host, '22'] },
    relay: { name, command: [...start, 'proxy', '--typed', host, host, '22'] },
  });
  const [older, newest] = [process.version, more.versions['newest node'] ?? ''].map(major);
  /** @type {Record<string, Contender>} */
  const others = {
    systemd: { name: 'systemd-ssh-proxy', root: root.path, ...commandOf(systemd, `unix${inside}`, '22') },
    c: { name: 'C, connect and sendmsg only', command: [connectC, socket] },
    socat: { name: 'socat', ...commandOf(socat, 'STDIO', `UNIX-CONNECT:${socket}`) },
    ncat: { name: 'ncat', ...commandOf(ncat, '-U', socket) },
    bare: { name: `bare Node ${older}`, command: [process.execPath, empty] },
    bareNewest: { name: `bare Node ${newest}`, command: [newestNode, empty] },
  };
  return {
    ours: vmssh('vmssh, executable', [executable]),
    node: vmssh(`vmssh, Node ${older}`, [process.execPath, script]),
    newest: vmssh(`vmssh, Node ${newest}`, [newestNode, script]),
    others: /** @type {Record<'systemd' | 'c' | 'socat' | 'ncat' | 'bare' | 'bareNewest', Contender>} */ (
      others
    ),
  };
}

/** Of a program that is absent no command is run. @param {Found} found @param {...string} args */
function commandOf({ path = '', absent }, ...args) {
  return { absent, command: [path, ...args] };
}

/** @param {string} version */
function major(version) {
  return version.replace(/^v/, '').split('.')[0] ?? '';
}

/** @param {boolean} build @returns {Promise<Found>} */
async function peersRoot(build) {
  const cache = cacheFolder();
  const key = createHash('sha256').update(readFileSync(recipe)).digest('hex').slice(0, 12);
  const path = join(cache, `peers-${key}`);
  if (process.getuid?.() !== 0) return { absent: 'entering its root by chroot needs root: run as root' };
  if (existsSync(path)) return { path };
  if (!build) return { absent: 'its root is not in the cache, and --quick does not build it: npm run bench' };
  const { absent } = onPath('mmdebstrap', 'mmdebstrap');
  if (absent) return { absent };
  try {
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
