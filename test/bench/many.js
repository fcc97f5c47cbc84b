/** @import { Figure, Programs } from './types.js' */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { runHarness } from './harness.js';

const rows = /** @type {const} */ ([
  { what: '`config install`, nothing to change', args: ['config', 'install', '--no-fresh'], atMost: 5 },
  { what: '`config diff`', args: ['config', 'diff'], atMost: 5 },
  { what: '`doctor`', args: ['doctor'], atMost: 6 },
  { what: '`ssh NAME`, before ssh starts', args: ['ssh', 'machine-7', 'true'], atMost: 2 },
  { what: '`config print`', args: ['config', 'print'], atMost: 4 },
  { what: '`inventory`', args: ['inventory'], atMost: 4 },
]);
const listing = '`list --json`';

/**
 * What commands take on a host with so many machines, whose systemd-machined lists them at once: of a listing.
 * @param {Programs} programs
 * @param {string} folder
 * @param {boolean} quick
 * @returns {Figure[]}
 */
export function manyMachines({ harness, executable, ssh }, folder, quick) {
  return (quick ? [20] : [590, 2000]).map((count) => {
    const home = join(folder, `many-${count}`);
    /** @type {ReturnType<typeof startHost> | undefined} */
    let host;
    const timed = (/** @type {string} */ name, /** @type {readonly string[]} */ args) => ({
      name,
      absent: ssh.absent,
      measure: async () => {
        host ??= startHost(executable, home, count, ssh.path ?? '');
        const env = await host;
        const { ns } = await runHarness(harness, { mode: 'process', command: [executable, ...args], env });
        return ns / 1e6;
      },
    });
    return {
      ...{
        id: `many-${count}`,
        title: `with ${count} machines`,
        unit: 'ms',
        better: 'less',
        runs: quick ? 1 : 5,
      },
      competitors: [timed(listing, ['list', '--json']), ...rows.map(({ what, args }) => timed(what, args))],
      targets: rows.map(({ what, atMost }) => ({ of: what, peer: listing, atMost })),
    };
  });
}

/** A home with the Hosts of such machines, until this process ends. @param {string} executable @param {string} home @param {number} count @param {string} ssh */
async function startHost(executable, home, count, ssh) {
  const own = join(home, 'ssh');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  // What would log in ends at once.
  writeFileSync(own, `#!/bin/sh\nfor word; do case $word in -G | -V) exec ${ssh} "$@" ;; esac; done\n`);
  chmodSync(own, 0o755);
  await serveMachines(join(home, 'systemd/machine/io.systemd.Machine'), count);
  const env = { HOME: home, XDG_RUNTIME_DIR: home, VMSSH_SSH: own };
  const install = ['config', 'install', '--no-fresh'];
  const child = spawn(executable, install, { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`vmssh ${install.join(' ')} ended with ${code}`);
  return env;
}

/** Answers as a user's systemd-machined 257. @param {string} path @param {number} count */
async function serveMachines(path, count) {
  const replies = Array.from({ length: count }, (_, i) => ({
    parameters: {
      name: `machine-${i}`,
      id: `5e1f000000004000a000${i.toString(16).padStart(12, '0')}`,
      class: 'vm',
      service: 'libvirt-qemu',
      unit: `machine-${i}.scope`,
      leader: { pid: (1 << 22) + i },
      vSockCid: i + 3,
      sshAddress: `vsock/${i + 3}`,
    },
    ...(i < count - 1 ? { continues: true } : {}),
  }));
  const answer = Buffer.from(replies.map((each) => `${JSON.stringify(each)}\0`).join(''));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The question is one short message.
  const server = createServer((peer) => peer.once('data', () => peer.end(answer)).on('error', () => {}));
  await once(server.listen(path), 'listening');
  server.unref();
}
