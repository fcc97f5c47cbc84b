import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { ensureImage, ensurePrograms } from '../../images/cache.js';
import { cpuWithKvm, outcome, takesFirstKeys } from '../../inside/hypervisor.js';
import { bedProgram } from '../../inside/qemu.js';
import { type Stage, stageProduct } from '../../product/scene/stage.js';

const example = fileURLToPath(new URL('../../../../docs/sources/virtme-ng.sh', import.meta.url));

// The guest is the host: Debian's virtme-ng runs the guest's own kernel on the guest's own files, by the bed's QEMU and virtiofsd.
describeGuests('guests of virtme-ng, by the example of docs/sources.md', () => {
  let guest: Guest;
  let stage: Stage;
  const dir = mkdtempSync(join(tmpdir(), 'vmssh-virtme-ng-'));
  const as = (line: string, timeout = 400) => outcome(guest, `su - tester -c '${line}'`, timeout);

  // Again and again: on a busy machine a provider may be late.
  const expectRows = (rows: string) =>
    expect.poll(async () => (await as('vmssh list')).stdout, { timeout: 100_000, interval: 500 }).toBe(rows);

  beforeAll(async () => {
    stage = stageProduct({ withExecutable: true });
    const [programs, image] = await Promise.all([ensurePrograms(console.error), ensureImage('trixie')]);
    guest = await bootGuest({ suite: 'trixie', cpu: cpuWithKvm, cid: 84, share: programs, memory: 2048 });
    const script = (name: Parameters<typeof bedProgram>[0]) => {
      const path = join(dir, name.replace('/', '-'));
      writeFileSync(path, bedProgram(name), { mode: 0o755 });
      return path;
    };
    await guest.copyIn({
      '/opt': stage.folder,
      '/usr/local/bin/qemu-system-x86_64': script('bin/qemu-system-x86_64'),
      '/usr/local/bin/virtiofsd': script('libexec/virtiofsd'),
      '/boot/vmlinuz': `${image}/vmlinuz`,
      '/home/tester/bin/machines': example,
    });
    await guest.run(
      `set -e
      chmod 755 /opt /home/tester/bin
      mkdir -p /host && mount -t virtiofs host /host && modprobe -a kvm_amd vhost_vsock
      usermod -aG kvm tester && chmod 755 /home/tester/bin/machines
      if [ -x /opt/linux-x64/vmssh ]; then ln -s /opt/linux-x64/vmssh /usr/local/bin/vmssh; else
        printf '#!/bin/sh\\nexec node /opt/vmssh/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod 755 /usr/local/bin/vmssh
      fi
      ${takesFirstKeys}
      # What virtme-ng lets in: the public keys of the user.
      su tester -c 'ssh-keygen -y -f ~/.ssh/id_ed25519 >~/.ssh/id_ed25519.pub && mkdir -p ~/.config/vmssh
        echo "{ \\"version\\": 1, \\"sources\\": { \\"vng\\": { \\"command\\": [\\"/home/tester/bin/machines\\"] } } }" >~/.config/vmssh/sources.json'
      ${vng(42, 'kern')}`,
      { timeout: 300 },
    );
    expect(await as('vmssh nc --banner --wait=1000 vng/vng-42', 1100)).toMatchObject({ code: 0 });
  }, 1_800_000);
  afterAll(async () => {
    await guest?.stop();
    rmSync(dir, { recursive: true });
    if (stage) rmSync(stage.folder, { recursive: true });
  });

  test('are listed, without a warning, by their ports', async () => {
    expect(await as('vmssh check vng')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^vng\n {2}✓ list +[\d.]+ \w+ {2}1 machine in 1 row\n$/),
    });
    await expectRows('running\tkern\tqemu/kern\tqemu\nrunning\tvng-42\tvng/vng-42\tvng\n');
  });

  test('are logged in to by their target, by their Host, and as by vng itself', {
    timeout: 1_500_000,
  }, async () => {
    expect(await as('vmssh config install --no-fresh')).toMatchObject({ code: 0 });
    const ssh = 'ssh -n -o BatchMode=yes';
    for (const line of [`${ssh} vng/vng-42`, `${ssh} vng-42`, `${ssh} vng%vng-42`, 'vng --ssh-client 42 --'])
      expect((await as(`script -qec "${line} uname -n" /dev/null`)).stdout, line).toMatch(/(^|\n)kern\r\n$/);
  });

  test('are gone when vng has ended', async () => {
    await guest.run('systemctl stop kern');
    await expectRows('');
  });
});

/** A script that starts `vng --ssh` for the user tester, with the terminal that it wants. */
function vng(port: number, name: string): string {
  const kernel = 'mitigations=off tsc=reliable no_timer_check random.trust_cpu=on';
  const line = `vng --run /boot/vmlinuz --name ${name} --ssh ${port} --cpus 1 --memory 512M --disable-microvm \
    --append "${kernel}" -- sleep infinity`;
  return `systemd-run -q --unit=${name} --uid=tester -p SupplementaryGroups=kvm -E HOME=/home/tester \
    -E PATH=/usr/local/bin:/usr/bin:/usr/sbin --working-directory=/home/tester script -qec '${line}' /dev/null`;
}
