import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { codeOf, connect, temporaryFolder } from './peer.js';

/** A listener whose backlog is full. It accepts nobody until `release`, as it blocks its thread. */
export async function busyServer(): Promise<{ path: string; release(): void }> {
  const path = join(temporaryFolder(), 'busy');
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     require('node:net').createServer(() => {}).listen({ path: workerData.path, backlog: 1 }, () => {
       parentPort.postMessage('listening');
       Atomics.wait(workerData.gate, 0, 0);
     });`,
    { eval: true, workerData: { path, gate } },
  );
  const release = () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  onTestFinished(async () => {
    release();
    await worker.terminate();
  });
  await once(worker, 'message');
  await fill(path);
  return { path, release };
}

/** Connects until nobody gets in any more. */
async function fill(path: string): Promise<void> {
  for (let i = 0; i < 10; ++i) {
    const code = await codeOf(connect(path, 20));
    if (code === 'ETIMEDOUT') return;
  }
  throw new Error('the backlog takes everybody');
}
