import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { startContainer } from '../inside/container.js';
import { expectList, outcome } from '../inside/hypervisor.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// Podman and Docker of the guest, with containers whose sshd is installed and does not run; nsp is of systemd-nspawn.
describeGuests('containers of Podman, Docker and systemd-nspawn', () => {
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
    const masked = ['sshd-unix-export.socket', 'docker.service', 'docker.socket', 'containerd.service'];
    await startContainer(guest, 'nsp', {
      prepare: `for unit in ${masked.join(' ')}; do ln -sf /dev/null etc/systemd/system/$unit; done`,
    });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed, whether they run or not', async () => {
    const wanted = {
      machines: [
        { target: 'podman/bare', status: 'running' },
        { target: 'docker/dock', status: 'running' },
        { target: 'podman/exported', status: 'running', routes: [{ route: 'export' }, { route: 'exec' }] },
        { target: 'machine/nsp', status: 'running' },
        { target: 'podman/web', status: 'running', container: { labels: { role: 'front' } } },
        { target: 'podman/off', status: 'off' },
      ],
      warnings: [],
    };
    // Podman's service is started for each question.
    await expectList(guest, wanted, 200_000);
  });

  test("of a user's own Podman are logged in to by that user", async () => {
    const { stdout } = await asTester('vmssh list --json');
    const targets = JSON.parse(stdout).machines.map(({ target }: { target: string }) => target);
    expect(targets).toEqual(['podman/mine', 'machine/nsp']);
    expect(await asTester('vmssh ssh root@mine uname -n')).toMatchObject({ code: 0, stdout: 'mine\n' });
  });

  test('a container of systemd-nspawn without an exported socket is reached by systemd-run', async () => {
    const { stdout } = await sh('vmssh resolve nsp');
    expect(stdout).toMatch(/^exec:systemd-run --machine=nsp /);
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

    test('one whose socket refuses is reached by exec, with the same host key', async () => {
      await sh(
        'rm /srv/export/ssh; timeout 1 socat UNIX-LISTEN:/srv/export/ssh,unlink-close=0 -; test -S /srv/export/ssh',
      );
      expect(await sh('ssh -n exported uname -n')).toMatchObject({ code: 0, stdout: 'exported\n' });
    });

    test('one that is off has no Host', async () => {
      expect((await sh('grep -c "^Host off" ~/.ssh/vmssh.conf')).stdout).toBe('0\n');
    });

    test('one without sshd: a message with the cause and the fix', async () => {
      const { code, stderr } = await sh('ssh -n bare true');
      expect(code).toBe(255);
      expect(stderr).toMatch(
        /^vmssh: cannot connect to "podman\/bare": "bare" has no sshd .*\nhint: install one: podman exec .* bare sh -c 'apt-get /,
      );
    });
  });

  test('that is off: a message with both ways to start it', async () => {
    const { code, stderr } = await sh('vmssh ssh off true');
    expect(code).toBe(255);
    expect(stderr).toMatch(
      /^vmssh: cannot find "podman\/off": "off" is off\nhint: podman start off, or .* ssh --start podman\/off\n/,
    );
  });

  test('that is off is started if that is asked for', async () => {
    expect(await sh('vmssh ssh --start off uname -n')).toMatchObject({ code: 0, stdout: 'off\n' });
    expect(await sh('podman ps --format {{.Names}} --filter name=off')).toMatchObject({ stdout: 'off\n' });
  });

  test('that is made again has another host key, which is taken', async () => {
    const made = await sh(`set -e
      podman rm --force --time 0 web
      podman run --detach --name web --hostname again --network none own:1 sleep infinity
      ssh-keygen -q -t ed25519 -N '' -f /tmp/key
      podman cp /tmp/key web:/etc/ssh/ssh_host_ed25519_key`);
    expect(made).toMatchObject({ code: 0 });
    expect(await sh('vmssh ssh web uname -n')).toMatchObject({ code: 0, stdout: 'again\n' });
  });
});
