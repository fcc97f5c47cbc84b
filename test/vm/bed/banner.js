import { createConnection } from 'node:net';

/**
 * Connects, and gives the SSH banner's line: the proof that sshd answers. With muxPort, `CONNECT <port>` is asked of the
 * multiplexer first.
 * @param {{ host: string, port: number, muxPort?: never } | { path: string, muxPort?: number }} where
 * @param {number} [timeout] seconds
 * @returns {Promise<string>}
 */
export function banner({ muxPort, ...where }, timeout = 5) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(where);
    const fail = (/** @type {string} */ message) => socket.destroy(new Error(message));
    const timer = setTimeout(fail, timeout * 1000, `no SSH banner within ${timeout} s`);
    let seen = '';
    socket.setEncoding('latin1');
    if (muxPort !== undefined) socket.once('connect', () => socket.write(`CONNECT ${muxPort}\n`));
    socket.on('data', (part) => {
      seen += part;
      const [line] = /^SSH-[^\n]*\n/m.exec(seen) ?? [];
      if (line) resolve(line.trim());
      if (line) socket.destroy();
      else if (seen.length > 10_000) fail('no SSH banner within 10000 bytes');
    });
    socket.once('end', () => fail(`closed without an SSH banner, after ${JSON.stringify(seen)}`));
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}
