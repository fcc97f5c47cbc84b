import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { accessTo, consoleOf } from './access.js';
import { ensureImage, ensurePrograms } from './cache.js';
import { tail } from './execute.js';
import { machine } from './machine.js';
import { isFaultOfQemu } from './qemu-fault.js';
import { forwardedPort } from './qmp.js';
import { suiteNamed } from './suites.js';
import { supervise } from './supervise.js';

// Boots a guest and waits until it can be logged in to. guest.d.ts tells what goes in and comes out.
export async function bootGuest(options) {
  const settings = withDefaults(options);
  const [programs, image] = await Promise.all([
    ensurePrograms(settings.log),
    ensureImage(settings.suite, settings.log),
  ]);
  const made = { ...settings, programs, image };
  try {
    return await boot(made);
  } catch (error) {
    if (!isFaultOfQemu(error.message)) throw error;
    settings.log?.(`QEMU ended by a fault of its own, and ${settings.suite} boots once more`);
    return boot(made);
  }
}

async function boot({ programs, image, ...settings }) {
  const folder = mkdtempSync(`${shortTemporaryFolder()}/vmssh-guest-`);
  const supervisor = await start(folder, machine({ ...settings, programs, image, folder }));
  try {
    const facts = {
      ...{ suite: settings.suite, cid: settings.cid, folder, identity: `${image}/id_ed25519` },
      muxPath: `${folder}/vsock.sock`,
      tcpPort: settings.net ? await forwardedPort(`${folder}/qmp.sock`) : 0,
      pids: { supervisor: supervisor.pid, ...supervisor.pids },
    };
    writeFileSync(`${folder}/guest.json`, JSON.stringify({ ...facts, started: Date.now() }));
    const guest = {
      ...facts,
      ...accessTo(facts, supervisor, settings.bootTimeout),
      ...powerOf(supervisor),
    };
    if (settings.wait) await guest.ready();
    return guest;
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
    cpu: 'Haswell-noTSX',
    wait: true,
    bootTimeout: 180,
  };
  const settings = { suite, ...defaults, ...options };
  if (settings.wait && !settings.net && !(settings.vsock && servesVsock)) {
    throw new Error(`${suite} without net cannot be waited for: no sshd of its own listens on vsock`);
  }
  return settings;
}

// Unix socket paths end at 107 bytes, and a target like vsock-mux%… holds one: a long TMPDIR is not for us.
function shortTemporaryFolder() {
  return Buffer.byteLength(tmpdir()) > 40 ? '/tmp' : tmpdir();
}

async function start(folder, processes) {
  try {
    writeFileSync(`${folder}/plan.json`, JSON.stringify({ processes }));
    return await supervise(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function powerOf(supervisor) {
  const signal = (name) => process.kill(supervisor.pids.qemu, name);
  return {
    // Not by QEMU's monitor: at its "stop" QEMU takes the queues from vhost-device-vsock, which then at times hangs for good.
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    running: () => !supervisor.exited('qemu'),
    async kill() {
      signal('SIGKILL');
      await supervisor.whenExited('qemu');
    },
    stop: supervisor.stop,
    detach: supervisor.detach,
  };
}
