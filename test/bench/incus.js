import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';

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
    config: { 'volatile.uuid': uuid(i), 'volatile.vsock_id': String(i + 3) },
  }));
  const answer = Buffer.from(JSON.stringify({ type: 'sync', status: 'Success', status_code: 200, metadata }));
  rmSync(path, { force: true });
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(answer),
  );
  await once(server.listen(path), 'listening');
  try {
    return await work({ INCUS_SOCKET: path });
  } finally {
    server.close();
  }
}

/** @param {number} number */
function uuid(number) {
  return `5e1f0000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
