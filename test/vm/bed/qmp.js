import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';

/**
 * Runs one QEMU monitor command over its QMP socket and gives its result.
 * @param {string} path
 * @param {string} command
 * @param {Readonly<Record<string, unknown>>} [args]
 * @param {number} [timeout] seconds
 */
async function qmp(path, command, args = {}, timeout = 10) {
  const socket = await connected(path, timeout);
  const timer = setTimeout(
    () => socket.destroy(new Error(`QEMU's monitor: no answer to ${command}`)),
    timeout * 1000,
  );
  try {
    /** @type {Promise<never>} */
    const failed = new Promise((_, reject) => socket.once('error', reject));
    return await Promise.race([converse(socket, command, args), failed]);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/**
 * QEMU makes the socket's file a moment before it listens.
 * @param {string} path
 * @param {number} timeout seconds
 */
async function connected(path, timeout) {
  const deadline = Date.now() + timeout * 1000;
  for (;;) {
    const socket = createConnection(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code !== 'ECONNREFUSED' || Date.now() > deadline) throw error;
      await after(50);
    }
  }
}

/** @param {import('node:net').Socket} socket @param {string} command @param {Readonly<Record<string, unknown>>} args */
async function converse(socket, command, args) {
  const requests = [{ execute: 'qmp_capabilities' }, { execute: command, arguments: args }];
  for await (const line of createInterface({ input: socket })) {
    const message = JSON.parse(line);
    if (message.error) throw new Error(`QEMU's monitor: ${command}: ${message.error.desc}`);
    if (!('QMP' in message || 'return' in message)) continue; // an event
    const request = requests.shift();
    if (!request) return message.return;
    socket.write(`${JSON.stringify(request)}\n`);
  }
  throw new Error(`QEMU's monitor closed before it answered ${command}`);
}

/**
 * The free port on 127.0.0.1 that QEMU chose for the guest's port 22.
 * @param {string} path
 */
export async function forwardedPort(path) {
  const text = await qmp(path, 'human-monitor-command', { 'command-line': 'info usernet' });
  const found = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(text);
  if (!found?.[1]) throw new Error(`QEMU forwards no port:\n${text}`);
  return Number(found[1]);
}
