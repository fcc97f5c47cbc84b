import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

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
      id: id(i),
      class: 'vm',
      service: 'systemd-vmspawn',
      unit: `machine-${i}.scope`,
      leader: { pid: (1 << 22) + i, pidfdId: i, bootId: id(count) },
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
  rmSync(path, { force: true });
  const server = createServer((peer) =>
    // The question is one short message.
    peer.once('data', () => peer.end(answer)).on('error', () => {}),
  );
  await once(server.listen(path), 'listening');
  try {
    return await work({ XDG_RUNTIME_DIR: runtimeDir });
  } finally {
    server.close();
  }
}

/** @param {number} number */
function id(number) {
  return `5e1f000000004000a000${number.toString(16).padStart(12, '0')}`;
}
