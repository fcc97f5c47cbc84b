import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { bootHypervisor } from '../inside/hypervisor.js';

// Incus itself runs in the guest, with a container that has no systemd.
describeGuests('a container of Incus', () => {
  let guest: Guest;
  const sh = (line: string) => guest.run(line, { timeout: 200, allowFailure: true });
  const listed = async () => JSON.parse((await sh('vmssh list --json')).stdout);

  beforeAll(async () => {
    guest = await bootHypervisor({ cid: 84, memory: 1024 });
    await guest.run('sh /host/test/vm/inside/incus.sh /vm', { timeout: 600 });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('is listed once, with its address', async () => {
    expect(await listed()).toMatchObject({
      machines: [
        { name: 'web', target: 'incus/web', provider: 'incus', status: 'running', address: '10.88.0.7' },
      ],
      warnings: [],
    });
  });

  test('is logged in to by ssh as by incus exec', async () => {
    expect(await sh('vmssh config install')).toMatchObject({ code: 0 });
    expect(await sh('ssh -n web uname -n; incus exec web -- uname -n')).toMatchObject({
      code: 0,
      stdout: 'web\nweb\n',
    });
  });

  test('is listed as off once Incus has stopped it, and not once it is deleted', async () => {
    expect(await sh('incus stop --force web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [{ name: 'web', status: 'off' }], warnings: [] });
    expect(await sh('incus delete web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [], warnings: [] });
  });
});
