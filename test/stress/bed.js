import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { compileHarness } from '../bench/harness.js';
import { findProgram } from '../runs/programs.js';

/** @typedef {Awaited<ReturnType<typeof makeBed>>} Bed */

/** A folder with all that a load needs: a server that echoes, a real sshd per connection, and folders that must stay empty. */
export async function makeBed() {
  const folder = mkdtempSync(join(tmpdir(), 'vs-'));
  const mark = `VMSSH_STRESS=${folder}`;
  // The programs' own folders: whatever they leave there is counted.
  const own = Object.fromEntries(
    /** @type {const} */ (['HOME', 'TMPDIR', 'XDG_RUNTIME_DIR']).map((name) => [name, join(folder, name)]),
  );
  for (const path of Object.values(own)) mkdirSync(path, { mode: 0o700 });
  const { harness } = compileHarness(folder);
  const echo = await listen(join(folder, 'echo'), (socket) => {
    socket.on('error', () => {});
    socket.write('SSH-2.0-stress\r\n');
    socket.pipe(socket);
  });
  return {
    folder,
    harness,
    env: { ...own, VMSSH_STRESS: folder },
    echo: join(folder, 'echo'),
    sshd: await startSshd(folder),
    /** Throws if anything of a load is still there 10 seconds later. */
    async checkLeft() {
      for (let tries = 0; ; tries++) {
        const left = [
          ...processesWith(mark).map((name) => `process ${name}`),
          ...Object.values(own).flatMap((path) => filesIn(path).map((name) => `file ${name}`)),
          ...Array.from({ length: await connections(echo) }, () => 'connection'),
        ];
        if (left.length === 0) return;
        if (tries === 100) throw new Error(`left behind: ${left.slice(0, 5).join(', ')} (${left.length})`);
        await wait(100);
      }
    },
  };
}

/** All but the notes for an ssh that asks for the host key, which these do not: the next login removes old ones. @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^vmssh(\/ssh-\d+-\d+)?$/.test(name),
  );
}

/** @param {string} folder */
async function startSshd(folder) {
  for (const key of ['host', 'id'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'id.pub')));
  const config = [`HostKey ${join(folder, 'host')}`, `AuthorizedKeysFile ${join(folder, 'authorized')}`];
  // A shell of this level reads no start-up file of the user; and a busy machine may take its time.
  const own = ['SetEnv SHLVL=5', 'LoginGraceTime 0'];
  const more = [...own, 'StrictModes no', 'UsePAM no', 'PermitRootLogin yes', 'PidFile none', ''];
  writeFileSync(join(folder, 'sshd_config'), [...config, ...more].join('\n'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const sshd = findProgram('sshd') ?? '';
  const path = join(folder, 'sshd');
  await listen(path, (socket) => {
    const child = spawn(sshd, ['-i', '-f', join(folder, 'sshd_config')], {
      stdio: [socket, socket, 'ignore'],
    });
    child.once('spawn', () => socket.destroy());
  });
  return path;
}

/** @param {string} path @param {(socket: import('node:net').Socket) => void} accept */
async function listen(path, accept) {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    accept(socket);
    socket.resume();
  });
  server.listen(path, 4096);
  await once(server, 'listening');
  server.unref();
  return server;
}

/** @param {import('node:net').Server} server @returns {Promise<number>} */
function connections(server) {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

/** The command lines of the processes with this variable. @param {string} mark */
function processesWith(mark) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // gone, or another user's
      }
    });
}
