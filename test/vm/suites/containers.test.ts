import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { startContainer } from '../inside/container.js';
import { outcome } from '../inside/hypervisor.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// Podman and Docker of the guest, with containers whose sshd is installed and does not run.
describeGuests('containers of Podman and Docker', () => {
  let guest: Guest;
  const sh = (line: string) => outcome(guest, line);
  const asTester = (line: string) =>
    sh(`systemd-run --quiet --pipe --wait --collect --machine=tester@ --user -- bash -c '${line}'`);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'containers', cid: 91, share: root, memory: 2048, bootTimeout: 900 });
    await guest.run(
      `set -e
      mkdir -p /host && mount -t virtiofs host /host
      printf '#!/bin/sh\\nexec node /host/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
      bash /host/test/vm/inside/containers.sh`,
      { timeout: 900 },
    );
    await startContainer(guest, 'nsp');
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed, whether they run or not', async () => {
    const { machines, warnings } = JSON.parse((await sh('vmssh list --json')).stdout);
    const shown = machines.map(
      ({ target, status }: { target: string; status: string }) => `${target} ${status}`,
    );
    expect({ shown: shown.sort(), warnings }).toEqual({
      shown: [
        'docker/dock running',
        'machine/nsp running',
        ...['podman/bare running', 'podman/exported running', 'podman/off off', 'podman/web running'],
      ],
      warnings: [],
    });
    expect(machines.find(({ name }: { name: string }) => name === 'web')).toMatchObject({
      container: { labels: { role: 'front' } },
    });
  });

  test("are a user's own", async () => {
    const { stdout } = await asTester('vmssh list --json');
    expect(JSON.parse(stdout).machines).toMatchObject([{ target: 'podman/mine', status: 'running' }]);
  });

  describe('by the Hosts of config install', () => {
    beforeAll(async () => {
      expect(await sh('vmssh config install')).toMatchObject({ code: 0 });
    }, 300_000);

    test.each(['web', 'dock', 'exported', 'nsp'])(
      '%s is logged in to, as VS Code does it, and by rsync',
      async (name) => {
        expect(await sh(`ssh -n ${name} uname -n`)).toMatchObject({ code: 0, stdout: `${name}\n` });
        expect(await sh(`echo 'uname -n; exit 7' | ssh -T ${name} bash`)).toMatchObject({
          code: 7,
          stdout: `${name}\n`,
        });
        expect(
          await sh(
            `rsync -a /etc/os-release ${name}:/tmp/there && rsync -a ${name}:/tmp/there /tmp/${name} && cmp /tmp/${name} /etc/os-release`,
          ),
        ).toMatchObject({ code: 0 });
      },
    );

    test('one that is off has no Host', async () => {
      expect((await sh('grep -c "^Host off" ~/.ssh/vmssh.conf')).stdout).toBe('0\n');
    });
  });

  test('without sshd, or off: a message with the cause and the fix', async () => {
    expect(await sh('vmssh ssh bare true')).toMatchObject({ code: 255, stderr: 'x' });
    expect(await sh('vmssh check off')).toMatchObject({ code: 4, stderr: 'x' });
  });

  test('that is off is started if that is asked for', async () => {
    expect(await sh('vmssh ssh --start off uname -n')).toMatchObject({ code: 0, stdout: 'off\n' });
    expect(await sh('podman ps --format {{.Names}} --filter name=off')).toMatchObject({ stdout: 'off\n' });
  });

  test('that is made again has another host key, which is taken', async () => {
    const made =
      await sh(`podman rm --force --time 0 web && podman run --detach --name web --hostname again --network none own:1 \\
      bash -c 'rm /etc/ssh/ssh_host_*; ssh-keygen -A; exec sleep infinity'`);
    expect(made).toMatchObject({ code: 0 });
    expect(await sh('vmssh ssh web uname -n')).toMatchObject({ code: 0, stdout: 'again\n' });
  });
});
