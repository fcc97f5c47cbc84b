/** @import { BootOptions, BootPlan, GuestProgram } from '../types.js' */
/** @import { Supervisor } from './supervise.js' */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ensureImage, ensurePrograms } from '../images/cache.js';
import { suiteNamed } from '../images/suites.js';
import { accessTo, consoleOf } from './access.js';
import { tail, withMore } from './execute.js';
import { machine } from './machine.js';
import { isFaultOfQemu } from './qemu-fault.js';
import { forwardedPort } from './qmp.js';
import { supervise } from './supervise.js';

/**
 * @typedef {import('../types.js').Guest} Guest
 * @typedef {import('../types.js').GuestFacts} GuestFacts
 * @typedef {import('../types.js').Result} Result
 * @typedef {import('../types.js').Suite} Suite
 */

/**
 * Boots a guest and waits until it can be logged in to.
 * @param {BootOptions} options
 * @returns {Promise<Guest>}
 */
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
    if (!(error instanceof Error) || !isFaultOfQemu(error.message)) throw error;
    settings.log?.(`QEMU ended by a fault of its own, and ${settings.suite} boots once more`);
    return boot(made);
  }
}

/** @param {BootPlan} plan @returns {Promise<Guest>} */
async function boot({ programs, image, ...settings }) {
  const folder = mkdtempSync(`${shortTemporaryFolder()}/vmssh-guest-`);
  const supervisor = await start(folder, machine({ ...settings, programs, image, folder }));
  try {
    /** @type {GuestFacts} */
    const facts = {
      suite: settings.suite,
      cid: settings.cid,
      folder,
      identity: `${image}/id_ed25519`,
      muxPath: `${folder}/vsock.sock`,
      tcpPort: settings.net ? await forwardedPort(`${folder}/qmp.sock`) : 0,
      pids: { ...supervisor.pids, supervisor: supervisor.pid },
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
    const output = `\n--- console of ${settings.suite} ---\n${tail(consoleOf(folder))}`;
    await supervisor.stop();
    throw withMore(error, output);
  }
}

/** @param {BootOptions} options @returns {Omit<BootPlan, 'programs' | 'image'>} */
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

/** @param {string} folder @param {readonly GuestProgram[]} processes */
async function start(folder, processes) {
  try {
    writeFileSync(`${folder}/plan.json`, JSON.stringify({ processes }));
    return await supervise(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** @param {Supervisor} supervisor */
function powerOf(supervisor) {
  const signal = (/** @type {NodeJS.Signals} */ name) => process.kill(supervisor.pids.qemu, name);
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
