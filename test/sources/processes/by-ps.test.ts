import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesByPs, processesNamed } from '../../../src/sources/processes/processes.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const uid = 501;

/** What a Mac's ps prints. */
function printed(...lines: readonly string[]) {
  return processesByPs({ env: {} }, uid, async () => `${lines.join('\n')}\n`);
}

describe('processes on a system without /proc', () => {
  it("are this user's own, and no set-user-ID program of theirs or of others", async () => {
    const found = await printed(
      '    1     0     0 /sbin/launchd',
      '  401   501   501 /opt/homebrew/bin/qemu-kvm --cpus 2',
      '  402     0   501 qemu-kvm --cpus 2',
      '  403   501   502 qemu-kvm --cpus 2',
      '40400   502   502 qemu-kvm --cpus 2',
    );
    expect(found).toEqual([{ pid: 401, uid, argv: ['/opt/homebrew/bin/qemu-kvm', '--cpus', '2'] }]);
  });

  it('keep a blank in a path, and an option without a value', async () => {
    const [process] = await printed(
      ' 7 501 501 /Applications/My App.app/qemu-kvm --nested --device virtio-vsock,socketURL=/a/Application Support/s -v',
    );
    expect(process?.argv).toEqual([
      ...['/Applications/My App.app/qemu-kvm', '--nested'],
      ...['--device', 'virtio-vsock,socketURL=/a/Application Support/s', '-v'],
    ]);
  });

  it.each([0, undefined])('are none for uid %s: ps is not asked', async (own) => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await processesByPs({ env: {} }, own, never)).toEqual([]);
  });

  it.skipIf(missingPrograms({ ps: 'procps' }))('are asked of a real ps', async () => {
    const real = findProgram('ps');
    const own = process.getuid?.();
    const bin = mkdtempSync(join(dir, 'bin-'));
    // Tests may run as root, whose processes do not count.
    writeTree(bin, {
      ps: `#!/bin/sh\n${real} "$@" | sed -E 's/^( *[0-9]+) +${own} +${own} /\\1 501 501 /'\n`,
    });
    const deps = { env: { PATH: `${bin}:${process.env.PATH}` }, platform: 'darwin' } as const;
    const argv = ['60', '-name', 'my mint', '-nic', 'user,hostfwd=tcp:127.0.0.1:2222-:22'];
    const script = 'setTimeout(() => {}, 60_000); console.log()';
    const child = spawn(process.execPath, ['-e', script, ...argv], {
      argv0: '/opt/homebrew/bin/qemu-system-aarch64',
    });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const found = await processesNamed(/^qemu-system-aarch64$/, deps, { uid });
      expect(found.map(({ pid }) => pid)).toContain(child.pid);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
