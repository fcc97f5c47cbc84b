import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { windowsProcesses } from '../bed/processes.js';
import { onWindows, runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const target = 'hyper-v/11111111-2222-4333-8444-555555555555';
const tail = randomBytes(1 << 20);

/** Ends the Windows program that has these arguments: to end the bridge only closes its pipes. */
function end(args: readonly string[]): void {
  for (const { pid, line } of windowsProcesses(workFolder()))
    if (line.includes(args.join(' '))) process.kill(pid);
}

describeWindows.each(Object.entries(programs))('forward by %s', (_name, program) => {
  it('makes a port of a machine a local one: 8 MiB, and each end is passed on', async () => {
    const env = withHvsock({ PORT: await startPeer(echoWithTail(tail)) });
    const own = ['forward', '--json', target, String(randomInt(10_000, 1 << 30)), '0'];
    const [command = '', ...args] = onWindows([...program, ...own]);
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => end(own));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse(String((await lines.next()).value));
    const { listener } = await next();
    expect(listener).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    const bytes = randomBytes(8 << 20);
    const client = createConnection({ ...listener, allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    const sum = createHash('sha256');
    client.on('data', (part) => sum.update(part));
    client.end(bytes);
    await once(client, 'end');
    expect(sum.digest('hex')).toBe(
      createHash('sha256')
        .update(Buffer.concat([bytes, tail]))
        .digest('hex'),
    );
    expect(await next()).toMatchObject({
      event: 'closed',
      end: 'both',
      sent: bytes.length,
      received: bytes.length + tail.length,
    });
  });

  it('refuses a unix socket, which it could not keep from other users', async () => {
    const { code, stderr } = await runOnWindows([...program, 'forward', target, '5000', './x.sock']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('only on TCP ports') });
  });
});
