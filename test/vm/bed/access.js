/** @import { Guest, GuestFacts } from '../types.js' */
/** @import { Supervisor } from './supervise.js' */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { banner } from './banner.js';
import { transfer } from './copy.js';
import { execute, tail, withMore } from './execute.js';
import { sshArguments } from './ssh.js';

/**
 * What leads into a running guest: log in, run, copy, look at its console.
 * @param {GuestFacts} guest
 * @param {Pick<Supervisor, 'exited' | 'log'>} supervisor
 * @param {number} bootTimeout seconds
 * @returns {Pick<Guest, 'ssh' | 'run' | 'ready' | 'copyIn' | 'console'>}
 */
export function accessTo(guest, supervisor, bootTimeout) {
  const { suite, folder, tcpPort, muxPath } = guest;
  const ssh = sshArguments(guest);

  /** @type {Guest['run']} */
  async function run(cmd, options = {}) {
    try {
      return await execute('ssh', [...ssh, cmd], { ...options, name: `in ${suite}: ${cmd}` });
    } catch (error) {
      throw withMore(error, `\n--- console of ${suite} ---\n${tail(consoleOf(folder), 8)}`);
    }
  }

  async function ready(timeout = bootTimeout) {
    const until = Date.now() + timeout * 1000;
    const where = tcpPort ? { host: '127.0.0.1', port: tcpPort } : { path: muxPath, muxPort: 22 };
    // On a busy machine an sshd may take longer each time than it was given, and each try costs it more.
    for (
      let patience = 2;
      !(await banner(where, patience).catch(() => ''));
      patience = Math.min(patience * 1.3, 30)
    ) {
      if (supervisor.exited('qemu')) throw new Error(`${suite}: QEMU ended\n${supervisor.log('qemu')}`);
      if (Date.now() > until) throw new Error(`${suite} has no sshd after ${timeout} s`);
      await sleep(150);
    }
    await run('true', { timeout: Math.max(30, timeout / 6) });
  }

  /** @type {Guest['copyIn']} */
  async function copyIn(files) {
    for (const [to, from] of Object.entries(files)) await transfer(run, from, to);
  }

  return { ssh, run, ready, copyIn, console: () => consoleOf(folder) };
}

/** @param {string} folder */
export function consoleOf(folder) {
  try {
    return readFileSync(`${folder}/console.log`, 'utf8').replaceAll('\r', '');
  } catch {
    return '(no console)';
  }
}
