import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { ensureImage, ensurePrograms } from '../../images/cache.js';
import { cpuWithKvm } from '../../inside/hypervisor.js';
import { bedProgram } from '../../inside/qemu.js';
import { type Stage, stageProduct } from '../../product/scene/stage.js';

// The guest is the host: its systemd-vmspawn runs a machine of a kernel and busybox, by the bed's QEMU.
describeGuests('a machine of systemd-vmspawn', () => {
  let guest: Guest;
  let stage: Stage;
  const dir = mkdtempSync(join(tmpdir(), 'vmssh-vmspawn-'));
  const sh = async (line: string) => {
    const { code, stdout, stderr } = await guest.run(line, { timeout: 120, allowFailure: true });
    return { code, stdout, stderr };
  };

  beforeAll(async () => {
    stage = stageProduct({ withExecutable: false });
    const [programs, image] = await Promise.all([ensurePrograms(console.error), ensureImage('sid')]);
    guest = await bootGuest({ suite: 'sid', cpu: cpuWithKvm, cid: 79, share: programs, memory: 1536 });
    writeFileSync(join(dir, 'qemu'), bedProgram('bin/qemu-system-x86_64'), { mode: 0o755 });
    await guest.copyIn({
      '/usr/local/bin/qemu-system-x86_64': join(dir, 'qemu'),
      '/opt/vmssh': join(stage.folder, 'vmssh'),
      '/vm/disk': disk(join(dir, 'disk')),
      '/vm/vmlinuz': `${image}/vmlinuz`,
      '/vm/initrd': `${image}/initrd`,
    });
    await guest.run(`set -e
      mkdir -p /host && mount -t virtiofs host /host && modprobe -a kvm_amd vhost_vsock
      printf '#!/bin/sh\\nexec node /opt/vmssh/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
      systemd-run -q --unit=web -E PATH=/usr/local/bin:/usr/bin:/usr/sbin systemd-vmspawn --machine=web --console=headless \
        --image=/vm/disk --linux=/vm/vmlinuz --initrd=/vm/initrd --firmware=none --kvm=yes --tpm=no --ram=192M --vsock-cid=50 \
        rdinit=/bin/busybox -- sleep 100000
      until machinectl show web >/dev/null 2>&1; do systemctl is-active -q web; sleep 0.2; done`);
  });
  afterAll(async () => {
    await guest?.stop();
    rmSync(dir, { recursive: true });
    if (stage) rmSync(stage.folder, { recursive: true });
  });

  test('that runs is listed with one route, by its CID', async () => {
    expect(await sh('vmssh list')).toMatchObject({
      code: 0,
      stdout: 'running\tweb\tmachine/web\tmachined\n',
    });
    const { stdout } = await sh('vmssh check --until=resolved web');
    expect(stdout).toMatch(/✓ find .* vsock:50:22\n/);
    expect(stdout.match(/ route /g)).toHaveLength(1);
  });

  test('that is paused is shown as such, and goes on by what the message says', async () => {
    await guest.run('machinectl pause web');
    expect(await sh('vmssh list')).toMatchObject({ code: 0, stdout: 'paused\tweb\tmachine/web\tmachined\n' });
    const { code, stdout } = await sh('vmssh check web');
    expect(code).toBe(4);
    const [, hint = 'false'] = /^✗ "web" is paused\n +fix: (machinectl .*)\n/.exec(stdout) ?? [];
    expect(await sh(hint)).toMatchObject({ code: 0 });
    expect((await sh('vmssh list')).stdout).toMatch(/^running\t/);
  });

  test('that is paused goes on by --start', async () => {
    await guest.run('machinectl pause web');
    // Nothing in it listens.
    expect(await sh('vmssh nc --banner --start --wait=1 web')).toMatchObject({ code: 1 });
    expect((await sh('vmssh list')).stdout).toMatch(/^running\t/);
  });
});

/** An image that systemd-vmspawn takes for one with a system: a partition table and a root. */
function disk(path: string): string {
  writeFileSync(path, '');
  truncateSync(path, 12 << 20);
  const root = '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709';
  execFileSync('sfdisk', ['--quiet', path], { input: `label: gpt\nstart=2048, size=16384, type=${root}\n` });
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-E', `offset=${2048 * 512}`, path, '8M']);
  return path;
}
