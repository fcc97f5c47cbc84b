import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { startContainer } from '../../inside/container.js';
import { outcome, vmsshInstalled } from '../../inside/hypervisor.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** A line of the user tester, who is logged in. */
const testers = (line: string) =>
  `systemd-run --quiet --pipe --wait --collect --machine=tester@ --user --property=KillMode=process -- bash -c '${line}'`;

// Containers without an sshd, which inside/bring-sshd.sh makes; nsp is of systemd-nspawn.
describeGuests('an sshd is brought into containers that have none', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const asTester = (line: string, timeout?: number) => sh(testers(line), timeout);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'containers', cid: 92, share: root, memory: 2048, bootTimeout: 900 });
    await guest.run(
      `set -e
      mkdir -p /host /usr/local/lib/vmssh && mount -t virtiofs host /host
      ${vmsshInstalled}
      cp -r /host/dist/sshd /usr/local/lib/vmssh
      bash /host/test/vm/inside/bring-sshd.sh`,
      { timeout: 900 },
    );
    const units = ['sshd-unix-export', 'podman', 'docker'].map((name) => `${name}.socket`);
    const masked = [...units, 'docker.service', 'containerd.service'];
    const prepare = `rm usr/sbin/sshd; for unit in ${masked.join(' ')}; do ln -sf /dev/null etc/systemd/system/$unit; done`;
    await startContainer(guest, 'nsp', { prepare });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  describe.each([
    { manager: 'podman', of: 'root', user: sh },
    { manager: 'docker', of: 'root', user: sh },
    { manager: 'podman', of: 'tester', user: asTester },
  ])('$manager of $of', ({ manager, user }) => {
    const ssh = (name: string, command: string) =>
      user(`vmssh ssh --bring-sshd -n -o LogLevel=ERROR ${name} "${command}"`);
    const named = (name: string) => `${manager}/${name}`;

    test.each([
      { name: 'slim', what: 'Debian', want: '0 root /root /bin/bash' },
      { name: 'box', what: 'BusyBox', want: '0 root /root /bin/sh' },
      { name: 'user', what: 'USER 1500, whose shell is nologin', want: '1500 app /home/app /bin/sh' },
      { name: 'number', what: 'a user without an entry', want: '4711 4711 / /bin/sh' },
      { name: 'ro', what: 'a read-only root', want: '1500 app /home/app /bin/sh' },
      { name: 'bare', what: 'a root without capabilities', want: '0 root /root /bin/bash' },
    ])('$what: as its own user, with the exit code', async ({ name, want }) => {
      const all = await ssh(named(name), 'echo \\$(id -u) \\$USER \\$HOME \\$SHELL; exit 7');
      expect(all).toMatchObject({ code: 7, stdout: `${want}\n`, stderr: '' });
    });

    test('with the environment of its container; root or another user only if it is named', async () => {
      expect(await ssh(named('user'), 'echo \\"\\$GREETING\\"')).toMatchObject({ stdout: 'a "b" $c\n' });
      expect(await ssh(`root@${named('user')}`, 'id -u')).toMatchObject({ stdout: '0\n' });
      expect(await ssh(`app@${named('slim')}`, 'id -u')).toMatchObject({ stdout: '1500\n' });
    });

    test('files by scp, sftp and rsync, up and down', async () => {
      const slim = `${manager}%slim`;
      const line = [
        'set -e; cd $(mktemp -d); head -c 3000000 /dev/urandom >a',
        `vmssh scp --bring-sshd -q a ${slim}:/tmp/a && vmssh scp --bring-sshd -q ${slim}:/tmp/a b && cmp a b`,
        `echo get /tmp/a c | vmssh sftp --bring-sshd -q -b - ${slim} >/dev/null && cmp a c`,
        `vmssh rsync --bring-sshd -a a ${slim}:/tmp/r && vmssh rsync --bring-sshd -a ${slim}:/tmp/r d && cmp a d`,
      ].join('\n');
      expect(await user(line)).toMatchObject({ code: 0 });
    });

    test('a terminal with its size, two at once, and a login by ControlMaster', async () => {
      const tty = `stty rows 33 cols 99; vmssh ssh --bring-sshd -tt ${named('user')} stty size`;
      expect((await user(`script -qec "${tty}" /dev/null </dev/null`)).stdout).toContain('33 99');
      const one = `vmssh ssh --bring-sshd -n ${named('slim')} "sleep 2; echo one"`;
      expect((await user(`${one} & ${one} & wait`)).stdout).toBe('one\none\n');
      const shared = '-o ControlPath=~/.ssh/c-%C -o ControlMaster=auto -o ControlPersist=5';
      const login = `vmssh ssh --bring-sshd -n ${shared} ${named('slim')} echo two`;
      expect((await user(`${login}; ${login}`)).stdout).toBe('two\ntwo\n');
    });

    test('nothing is left of an ssh that is killed', async () => {
      const find = `${manager} exec slim sh -c "cd /run; echo .vmssh-*"`;
      const started = await user(
        `line=$(vmssh ssh --bring-sshd --print-command ${named('slim')} "echo in; sleep 1000")
        mkfifo /tmp/in-$$; sh -c "exec $line" >/tmp/in-$$ </dev/null & read -r in </tmp/in-$$; ${find}; kill -KILL $!`,
      );
      // The master of the test before may have one still.
      expect(started.stdout).toMatch(/^(?: ?\.vmssh-[0-9a-f]{16})+\n$/);
      await expect
        .poll(async () => (await user(find)).stdout, { timeout: 100_000, interval: 1000 })
        .toBe('.vmssh-*\n');
    });

    test('its own sshd is used if it has one', async () => {
      const login = `vmssh ssh --bring-sshd -n -v root@${named('own')} true 2>&1`;
      const own = await user(`${login} | grep -c "remote software version OpenSSH_.* Debian"`);
      expect(own.stdout).toBe('1\n');
    });

    test.each([
      { name: 'none', says: 'has no /bin/sh' },
      { name: 'nowhere', says: 'takes no program in /run, /dev/shm or /tmp' },
      { name: 'full', says: 'has no room for an sshd (2 MB)' },
    ])('$name: a message', async ({ name, says }) => {
      expect(await ssh(named(name), 'true')).toMatchObject({
        code: 255,
        stderr: expect.stringContaining(says),
      });
    });

    test('nothing is left in any of them', async () => {
      const each = ['slim', 'box', 'user', 'number', 'ro', 'bare', 'full', 'nowhere'];
      const line = 'cd /run; echo .vmssh*; cd /tmp; echo .vmssh*';
      const all = each.map((name) => `${manager} exec ${name} sh -c "${line}"`).join('; ');
      expect((await user(all)).stdout).toBe('.vmssh*\n'.repeat(2 * each.length));
    });
  });

  test('a container of systemd-nspawn', async () => {
    const { code, stdout } = await sh('vmssh ssh --bring-sshd -n nsp "uname -n; id -u; exit 7"');
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'nsp\n0\n' });
    const left = 'systemd-run -q --machine=nsp --pipe sh -c "cd /run; echo .vmssh*"';
    await expect.poll(async () => (await sh(left)).stdout, { timeout: 50_000 }).toBe('.vmssh*\n');
  });

  test('by the Hosts of config install, as VS Code does it', async () => {
    expect(await sh('vmssh config install --bring-sshd')).toMatchObject({ code: 0 });
    const line = "echo 'uname -n; exit 5' | ssh -T slim-podman bash";
    expect(await sh(line)).toMatchObject({ code: 5, stdout: 'slim\n', stderr: '' });
  });
});
