import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { heldKiB, runtime } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { forwarding, multiplexer, readToEnd } from './forwarding.js';

const dir = useTempDir();

// A sanitizer's program and QEMU need more.
const other = runtime === 'executable' ? undefined : `only the executable, this is ${runtime}`;

it.skipIf(other)(
  `forward holds 20 sessions in 2.75 MB once it was quiet, and serves on${other ? ` (skipped: ${other})` : ''}`,
  async () => {
    const machine = join(dir, 'machine');
    await multiplexer(machine, (socket) => void socket.pipe(socket));
    const { child, connect } = await forwarding([`vsock-mux${machine}`, '1', '0']);
    const clients = await Promise.all(Array.from({ length: 20 }, connect));
    for (const client of clients) onTestFinished(() => void client.destroy());
    await expect.poll(() => heldKiB(child.pid), { timeout: 20_000 }).toBeLessThan(2750);
    for (const client of [...clients, await connect()]) {
      client.end('hello');
      expect(String(await readToEnd(client))).toBe('hello');
    }
  },
);
