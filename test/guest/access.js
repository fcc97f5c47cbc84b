import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { banner } from './banner.js';
import { transfer } from './copy.js';
import { execute, tail } from './execute.js';
import { sshArguments } from './ssh.js';

// The ways into a running guest: log in, run, copy, look at its console.
export function accessTo(guest, supervisor, bootTimeout) {
  const { suite, folder, tcpPort, muxPath } = guest;
  const ssh = sshArguments(guest);

  async function run(cmd, options = {}) {
    try {
      return await execute('ssh', [...ssh, cmd], { ...options, words: `in ${suite}: ${cmd}` });
    } catch (error) {
      error.message += `\n--- console of ${suite} ---\n${tail(consoleOf(folder), 8)}`;
      throw error;
    }
  }

  async function ready(timeout = bootTimeout) {
    const until = Date.now() + timeout * 1000;
    const where = tcpPort ? { host: '127.0.0.1', port: tcpPort } : { path: muxPath, muxPort: 22 };
    while (!(await banner(where, 2).catch(() => ''))) {
      if (supervisor.exited('qemu')) throw new Error(`${suite}: QEMU ended\n${supervisor.log('qemu')}`);
      if (Date.now() > until) throw new Error(`${suite} has no sshd after ${timeout} s`);
      await sleep(150);
    }
    await run('true', { timeout: 30 });
  }

  async function copyIn(files) {
    for (const [to, from] of Object.entries(files)) await transfer(run, from, to);
  }

  return { ssh, run, ready, copyIn, console: () => consoleOf(folder) };
}

export function consoleOf(folder) {
  try {
    return readFileSync(`${folder}/console.log`, 'utf8').replaceAll('\r', '');
  } catch {
    return '(no console)';
  }
}
