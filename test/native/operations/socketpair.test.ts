import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { expect, it } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';

// Without LD_PRELOAD: a sanitizer's library is for this process.
const env = { PATH: process.env.PATH };

describeAddon('socketPair', () => {
  it('is the stdin and stdout of a program, with an end in each direction', async () => {
    const { handle, peer, descriptor } = addon.socketPair();
    const child = spawn('sh', ['-c', 'read -r line; echo "you said $line"; cat >/dev/null; echo end'], {
      stdio: [descriptor, descriptor, 'inherit'],
      env,
    });
    // It may end before the last read resolves.
    const exit = once(child, 'exit');
    addon.close(peer);
    await addon.write(handle, Buffer.from('hello\n'));
    expect(String(await addon.read(handle, 99))).toBe('you said hello\n');
    addon.shutdown(handle);
    expect(String(await addon.read(handle, 99))).toBe('end\n');
    expect(await addon.read(handle, 99)).toHaveLength(0);
    await exit;
    addon.close(handle);
  });

  it('is not inherited by other programs', async () => {
    const { handle, peer, descriptor } = addon.socketPair();
    const inode = fstatSync(descriptor).ino;
    const child = spawn('sh', ['-c', 'ls -l /proc/self/fd'], { stdio: ['ignore', 'pipe', 'inherit'], env });
    let shown = '';
    child.stdout.on('data', (part) => {
      shown += part;
    });
    await once(child, 'close');
    expect(shown).toContain(' 0 -> /dev/null');
    expect(shown).not.toContain(`socket:[${inode}]`);
    addon.close(peer);
    expect(await addon.read(handle, 9)).toHaveLength(0);
    addon.close(handle);
  });
});
