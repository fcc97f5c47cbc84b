import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { banner } from './banner.js';
import { ensureImage, ensurePrograms } from './cache.js';
import { execute, tail } from './execute.js';
import { machine } from './machine.js';
import { pack } from './pack.js';
import { forwardedPort, qmp } from './qmp.js';
import { quote, sshArguments } from './ssh.js';
import { suiteNamed } from './suites.js';
import { supervise } from './supervise.js';

// Boots a guest and waits until it can be logged in to. See guest.d.ts for what goes in and comes out.
export async function bootGuest(options) {
  const settings = withDefaults(options);
  const started = Date.now();
  const [programs, image] = await Promise.all([
    ensurePrograms(settings.log),
    ensureImage(settings.suite, settings.log),
  ]);
  const folder = mkdtempSync(`${shortTemporaryFolder()}/vmssh-guest-`);
  const guest = { ...settings, folder, identity: `${image}/id_ed25519`, muxPath: `${folder}/vsock.sock` };
  const plan = { detached: settings.detached, processes: machine({ ...guest, programs, image }) };
  writeFileSync(`${folder}/plan.json`, JSON.stringify(plan));
  const supervisor = await supervise(folder, settings.detached).catch((error) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  try {
    guest.tcpPort = settings.net ? await forwardedPort(`${folder}/qmp.sock`) : 0;
    writeFileSync(`${folder}/guest.json`, JSON.stringify(description(guest, supervisor, started)));
    const methods = methodsOf(guest, supervisor);
    if (settings.wait) await methods.ready();
    const { suite, cid, identity, muxPath, tcpPort } = guest;
    return { suite, cid, folder, identity, muxPath, tcpPort, ...methods };
  } catch (error) {
    error.message += `\n--- console of ${settings.suite} ---\n${tail(consoleOf(folder))}`;
    await supervisor.stop();
    throw error;
  }
}

function withDefaults({ suite, ...options }) {
  const { servesVsock } = suiteNamed(suite);
  const defaults = {
    cid: 42,
    net: true,
    vsock: true,
    memory: 1024,
    cpu: 'Nehalem-v1',
    wait: true,
    bootTimeout: 180,
  };
  const settings = { suite, ...defaults, ...options };
  if (settings.wait && !settings.net && !(settings.vsock && servesVsock)) {
    throw new Error(
      `${suite} cannot be waited for: it needs net: true, as no sshd of its own listens on vsock`,
    );
  }
  return settings;
}

// Unix socket paths end at 107 bytes, and targets like vsock-mux%… repeat them: a long TMPDIR is not for us.
function shortTemporaryFolder() {
  return Buffer.byteLength(tmpdir()) > 40 ? '/tmp' : tmpdir();
}

function description({ suite, cid, identity, muxPath, tcpPort, share }, supervisor, started) {
  return { suite, cid, identity, muxPath, tcpPort, share, supervisor: supervisor.pid, started };
}

function methodsOf(guest, supervisor) {
  const { folder } = guest;
  const monitor = (command) => qmp(`${folder}/qmp.sock`, command);
  const words = (cmd) => `in ${guest.suite}: ${cmd}`;

  async function run(cmd, options = {}) {
    try {
      return await execute('ssh', [...sshArguments(guest), cmd], { ...options, words: words(cmd) });
    } catch (error) {
      error.message += `\n--- console of ${guest.suite} ---\n${tail(consoleOf(folder), 8)}`;
      throw error;
    }
  }

  async function ready(timeout = guest.bootTimeout) {
    const until = Date.now() + timeout * 1000;
    const where = guest.net
      ? { host: '127.0.0.1', port: guest.tcpPort }
      : { path: guest.muxPath, muxPort: 22 };
    for (;;) {
      if (supervisor.exited('qemu')) throw new Error(`QEMU ended: ${supervisor.log('qemu')}`);
      if (await banner(where, 2).catch(() => '')) break;
      if (Date.now() > until) throw new Error(`${guest.suite} has no sshd after ${timeout} s`);
      await sleep(150);
    }
    await run('true', { timeout: 30 });
  }

  async function copyIn(files) {
    for (const [to, from] of Object.entries(files)) {
      const folderIn = statSync(from).isDirectory();
      const [base, name] = folderIn ? [from, '.'] : [dirname(from), basename(from)];
      const { archive, packed } = pack(base, name);
      const unpack = folderIn
        ? `mkdir -p ${quote(to)} && tar -C ${quote(to)} -xf -`
        : `mkdir -p ${quote(dirname(to))} && tar -xOf - >${quote(to)} && chmod ${(statSync(from).mode & 0o777).toString(8)} ${quote(to)}`;
      await Promise.all([run(unpack, { input: archive, timeout: 180 }), packed]);
    }
  }

  async function kill() {
    process.kill(supervisor.pids.qemu, 'SIGKILL');
    await supervisor.whenExited('qemu');
  }

  const stop = () => supervisor.stop();
  return {
    ...{ ready, run, copyIn, kill, stop, [Symbol.asyncDispose ?? Symbol.for('asyncDispose')]: stop },
    ssh: sshArguments(guest),
    console: () => consoleOf(folder),
    pause: () => monitor('stop'),
    resume: () => monitor('cont'),
    running: () => !supervisor.exited('qemu'),
  };
}

function consoleOf(folder) {
  try {
    return readFileSync(`${folder}/console.log`, 'utf8').replaceAll('\r', '');
  } catch {
    return '(no console)';
  }
}
