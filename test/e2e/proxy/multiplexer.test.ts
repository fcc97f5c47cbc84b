import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { begin, executable, outcome, vmssh, wordsOf } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { monitor } from '../forward/forwarding.js';

const dir = useTempDir();
let count = 0;

describe.skipIf(missingAddon())('vmssh nc by a multiplexer', () => {
  it.each([
    ['fails if the monitor is killed', 'SIGKILL', 'program', 'soon'],
    ['fails if the monitor is killed much later', 'SIGKILL', 'program', 'later'],
    ["fails if it stays without its machine's monitor", 'SIGUSR2', 'restarts', 'soon'],
    ['fails if it stays without that much later', 'SIGUSR2', 'restarts', 'later'],
    ['fails if it has long started over', 'SIGUSR2', 'restarts', 'noticed late'],
    ["ends if the machine's program ends", 'SIGUSR2', 'program', 'soon'],
    ["ends if the machine's program ends much later", 'SIGUSR2', 'program', 'later'],
  ] as const)('$0', async (_name, signal, how, when) => {
    const path = join(dir, `vmm${count++}`);
    const vmm = await monitor(path, how);
    const isEnd = signal === 'SIGUSR2' && how === 'program';
    const child = begin([...vmssh, 'nc', `vsock-mux${path}`, '1']);
    const ended = outcome(child);
    child.stdin.write('ask');
    expect(String((await once(child.stdout, 'data'))[0])).toBe('the first half');
    // The executable's relay goes on without the engine, and confined, once it watches the monitor.
    if (when !== 'soon' && executable) {
      await expect.poll(() => wordsOf(child.pid ?? 0)[0], { timeout: 10_000 }).toBe('vmssh: relay');
      await expect
        .poll(() => openedBy(child.pid ?? 0), { timeout: 10_000 })
        .toContain(`/proc/${vmm.pid}/stat`);
    }
    if (when === 'noticed late') child.kill('SIGSTOP');
    vmm.kill(signal);
    if (how === 'restarts') await once(vmm.stdout as Readable, 'data');
    if (when === 'noticed late') child.kill('SIGCONT');
    if (isEnd) child.stdin.end();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual(
      isEnd
        ? { code: 0, stderr: '' }
        : { code: 1, stderr: expect.stringContaining('the machine broke the connection (ECONNRESET)') },
    );
  });
});

function openedBy(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
}
