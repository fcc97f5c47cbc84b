import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { ensureMicrosandbox } from '../../images/cache.js';
import { cpuWithKvm, outcome } from '../../inside/hypervisor.js';
import { type Stage, stageProduct } from '../../product/scene/stage.js';

// The guest is the host: microsandbox of npm runs a microVM by libkrun from a folder with BusyBox, without a network.
describeGuests('sandboxes of microsandbox, by vmssh source add', () => {
  let guest: Guest;
  let stage: Stage;
  const as = (line: string, timeout = 300) => outcome(guest, `su - tester -c '${line}'`, timeout);
  const create = 'msb create --quiet --name web --no-net --cpus 1 --memory 256M ./system';

  beforeAll(async () => {
    stage = stageProduct({ withExecutable: true });
    const microsandbox = await ensureMicrosandbox(console.error);
    guest = await bootGuest({ suite: 'trixie', cpu: cpuWithKvm, cid: 86, memory: 2048 });
    await guest.copyIn({
      ...{ '/opt': stage.folder, '/usr/local': `${microsandbox}/usr` },
      '/home/tester/system': `${microsandbox}/root`,
    });
    await guest.run(
      `set -e
      chmod 755 /opt && modprobe kvm_amd && usermod -aG kvm tester && chown -R tester /home/tester/system && ldconfig
      if [ -x /opt/linux-x64/vmssh ]; then ln -s /opt/linux-x64/vmssh /usr/local/bin/vmssh; else
        printf '#!/bin/sh\\nexec node /opt/vmssh/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod 755 /usr/local/bin/vmssh
      fi
      su - tester -c 'ssh-keygen -y -f ~/.ssh/id_ed25519 >~/.ssh/id_ed25519.pub && msb ssh authorize --file ~/.ssh/id_ed25519.pub
        ${create}'`,
      { timeout: 400 },
    );
  }, 1_800_000);
  afterAll(async () => {
    await guest?.stop();
    if (stage) rmSync(stage.folder, { recursive: true });
  });

  test('are listed, and logged in to by each spelling: from the first login on with the right key', {
    timeout: 900_000,
  }, async () => {
    expect(await as('vmssh source add --yes msb')).toMatchObject({ code: 0, stderr: '' });
    expect(await as('vmssh list')).toMatchObject({ stdout: 'running\tweb\tmsb/web\tmsb\n' });
    expect(await as('vmssh config install --no-fresh -o StrictHostKeyChecking=yes')).toMatchObject({
      code: 0,
    });
    for (const host of ['msb/web', 'web', 'msb%web'])
      expect(await as(`ssh -n -o BatchMode=yes ${host} uname -n`), host).toMatchObject({ stdout: 'web\n' });
  });

  test('get files by scp, which says nothing and exits with 1', {
    timeout: 900_000,
  }, async () => {
    expect(await as('scp /etc/hostname web:/tmp/plain')).toMatchObject({ code: 1, stderr: '' });
    expect(await as('vmssh scp /etc/hostname msb/web:/tmp/ours')).toMatchObject({ code: 1 });
    const { stdout } = await as('ssh -n web "cat /tmp/plain /tmp/ours"; cat /etc/hostname /etc/hostname');
    expect(stdout.split('\n').slice(0, 2)).toEqual(stdout.split('\n').slice(2, 4));
  });

  test('are started, and have a new key when they are made again', { timeout: 900_000 }, async () => {
    expect(await as('msb stop --force web && vmssh list')).toMatchObject({
      stdout: 'off\tweb\tmsb/web\tmsb\n',
    });
    expect(await as('vmssh ssh --start msb/web uname -n')).toMatchObject({ stdout: 'web\n' });
    expect(await as(`msb stop --force web && msb rm web && ${create}`)).toMatchObject({ code: 0 });
    expect(await as('ssh -n -o BatchMode=yes msb/web uname -n')).toMatchObject({
      stdout: 'web\n',
      stderr: expect.stringContaining('msb/web was recreated; msb confirms its new host key'),
    });
  });
});
