import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/**
 * Runs `work` while a service that speaks Incus's API has `count` machines; `work` gets the environment variable for it.
 * @template T
 * @param {string} path of its socket
 * @param {number} count
 * @param {(env: { INCUS_SOCKET: string }) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withInstances(path, count, work) {
  const metadata = Array.from({ length: count }, (_, i) => ({
    name: `machine-${i}`,
    type: 'virtual-machine',
    status: 'Running',
    config: { 'volatile.uuid': `5e1f0000-0000-4000-8000-${hex(i)}`, 'volatile.vsock_id': String(i + 3) },
  }));
  const answer = Buffer.from(JSON.stringify({ type: 'sync', status: 'Success', status_code: 200, metadata }));
  const server = createHttpServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(answer),
  );
  return whileListening(server, path, () => work({ INCUS_SOCKET: path }));
}

/**
 * Runs `work` while a service in `runtimeDir` answers as a user's systemd-machined 257 with `count` machines; `work` gets
 * the environment variable for it.
 * @template T
 * @param {string} runtimeDir
 * @param {number} count
 * @param {(env: { XDG_RUNTIME_DIR: string }) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withMachines(runtimeDir, count, work) {
  const replies = Array.from({ length: count }, (_, i) => ({
    parameters: {
      name: `machine-${i}`,
      id: `5e1f000000004000a000${hex(i)}`,
      class: 'vm',
      service: 'systemd-vmspawn',
      unit: `machine-${i}.scope`,
      leader: { pid: (1 << 22) + i, pidfdId: i, bootId: `5e1f000000004000a000${hex(count)}` },
      timestamp: { realtime: 1_795_158_886_535_955, monotonic: 219_236_523 },
      vSockCid: i + 3,
      sshAddress: `vsock/${i + 3}`,
      sshPrivateKeyPath: '/root/.ssh/id_ed25519',
    },
    ...(i < count - 1 ? { continues: true } : {}),
  }));
  const answer = Buffer.from(replies.map((each) => `${JSON.stringify(each)}\0`).join(''));
  const path = join(runtimeDir, 'systemd/machine/io.systemd.Machine');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const server = createServer((peer) =>
    // The question is one short message.
    peer.once('data', () => peer.end(answer)).on('error', () => {}),
  );
  return whileListening(server, path, () => work({ XDG_RUNTIME_DIR: runtimeDir }));
}

/** @template T @param {import('node:net').Server} server @param {string} path @param {() => Promise<T>} work */
async function whileListening(server, path, work) {
  rmSync(path, { force: true });
  await once(server.listen(path), 'listening');
  try {
    return await work();
  } finally {
    server.close();
  }
}

/** @param {number} number */
function hex(number) {
  return number.toString(16).padStart(12, '0');
}
