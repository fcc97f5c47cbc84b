import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { inRootOf, makeImage, startContainer, startUnderPodman } from '../inside/container.js';
import { expectList, outcome, vmsshInstalled } from '../inside/hypervisor.js';
import { isKnownByItsManager, type ReadableMachine } from '../inside/known-by-manager.js';
import { letsNewcomersIn } from '../inside/newcomer.js';
import { nothingWritten, setsNothingUp, setsUp } from '../inside/sets-up.js';
import { type Startable, startsOnDemand } from '../inside/start-on-demand.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const recorded = '--filter event=start --format {{.ID}}';

/** Machines of each manager. */
const off: readonly Startable[] = [
  {
    ...{ target: 'podman/off', name: 'off' },
    command: 'podman --url=unix:///run/podman/podman.sock start off',
    off: 'podman stop --time 0 off',
    starts: `podman events --stream=false --filter container=off ${recorded}`,
    isUp: 'podman ps --format {{.Names}} | grep -qx off',
  },
  {
    ...{ target: 'docker/idle', name: 'idle' },
    command: 'docker --host=unix:///run/docker.sock start idle',
    off: 'docker stop --time 0 idle',
    starts: `docker events --since 0 --until $(date +%s) --filter container=idle ${recorded}`,
    isUp: 'docker ps --format {{.Names}} | grep -qx idle',
  },
  {
    ...{ target: 'machine/boxed', name: 'boxed', command: 'machinectl start boxed' },
    off: 'systemctl stop systemd-nspawn@boxed',
    starts: 'journalctl --boot --output=cat --unit=systemd-nspawn@boxed | grep ^Started',
    isUp: 'machinectl show boxed >/dev/null',
  },
];

const pidOf = 'inspect --format {{.State.Pid}}';
const runOwn = (name: string) =>
  `run --detach --name ${name} --hostname ${name} --network none own:1 sleep infinity`;

/** A line of the user tester, who is logged in; what it starts may go on. */
const testers = (line: string) =>
  `systemd-run --quiet --pipe --wait --collect --machine=tester@ --user --property=KillMode=process -- bash -c '${line}'`;

const inside = (pid: string) => (script: string) => inRootOf(pid, script);
const inFolder = (folder: string) => (script: string) => `bash <<'E'\nset -e; cd ${folder}\n${script}\nE`;
const leader = (name: string) => `machinectl show --value --property=Leader ${name}`;

const readable: readonly ReadableMachine[] = [
  {
    ...{ login: 'web', pid: `podman ${pidOf} web` },
    again: `podman rm --force --time 0 web && podman ${runOwn('web')}`,
  },
  {
    ...{ login: 'dock', pid: `docker ${pidOf} dock` },
    again: `docker rm --force dock && docker ${runOwn('dock')}`,
  },
  { login: 'nsp', pid: leader('nsp') },
];

// Podman and Docker of the guest, with containers whose sshd is installed and does not run; nsp is of systemd-nspawn, and
// sysd of Podman with a systemd in it.
describeGuests('containers of Podman, Docker and systemd-nspawn', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const asTester = (line: string, timeout?: number) => sh(testers(line), timeout);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'containers', cid: 91, share: root, memory: 2048, bootTimeout: 900 });
    await guest.run(
      `set -e
      mkdir -p /host /usr/local/lib/vmssh && mount -t virtiofs host /host
      ${vmsshInstalled}
      cp -r /host/dist/sshd /usr/local/lib/vmssh
      bash /host/test/vm/inside/containers.sh`,
      { timeout: 900 },
    );
    // Where one of them has the guest's network, a stop of its LXC would end the guest's containers: it asks them by abstract sockets.
    const masked = ['podman.socket', 'docker.service', 'docker.socket', 'containerd.service', 'lxc.service'];
    const mask = (units: readonly string[]) =>
      `for unit in ${units.join(' ')}; do ln -sf /dev/null etc/systemd/system/$unit; done`;
    await startContainer(guest, 'nsp', { prepare: mask(['sshd-unix-export.socket', ...masked]) });
    await startContainer(guest, 'plain', {
      prepare: `${mask(masked)}; rm etc/ssh/ssh_host_*; for each in root home; do mount -t tmpfs -o mode=755 own $each; done
        chmod 700 root; cp -r etc/skel home/tester; chown -R tester:tester home/tester`,
    });
    await startUnderPodman(guest, 'sysd', mask(masked));
    await makeImage(guest, 'boxed', mask(masked));
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed, whether they run or not', async () => {
    const wanted = {
      machines: [
        { target: 'podman/bare', status: 'running' },
        { target: 'docker/dock', status: 'running' },
        { target: 'podman/exported', status: 'running', routes: [{ route: 'export' }, { route: 'exec' }] },
        { target: 'machine/nsp', status: 'running' },
        { target: 'podman/plain', status: 'running' },
        { target: 'docker/plain', status: 'running' },
        { target: 'machine/plain', status: 'running', routes: [{ route: 'export' }] },
        { target: 'podman/sysd', status: 'running', routes: [{ route: 'export' }, { route: 'exec' }] },
        { target: 'podman/web', status: 'running', container: { labels: { role: 'front' } } },
        { target: 'docker/idle', status: 'off' },
        { target: 'podman/off', status: 'off' },
      ],
      warnings: [],
    };
    // Podman's service is started for the first question.
    await expectList(guest, wanted, 200_000);
  });

  test("of a user's own Podman are logged in to by that user", async () => {
    const { stdout } = await asTester('vmssh list --json');
    const targets = JSON.parse(stdout).machines.map(({ target }: { target: string }) => target);
    expect(targets).toEqual(['podman/mine', 'machine/nsp', 'podman/plain', 'machine/plain']);
    expect(await asTester('vmssh ssh root@mine uname -n')).toMatchObject({ code: 0, stdout: 'mine\n' });
  });

  test("of a Podman that is led to another service are this host's, and so is each login", async () => {
    const mine = 'vmssh ssh --route exec root@podman/mine uname -n';
    await sh(
      `systemd-run --unit=far podman system service --time=0 unix:///srv/far.sock
      podman run --detach --name mine --hostname far --network none own:1 sleep infinity
      until chmod 666 /srv/far.sock; do sleep 0.5; done
      cd /home/tester; install --directory --owner=tester .config .config/containers
      cat >.config/containers/containers.conf <<'E'
[engine]
remote = true
active_service = "far"
[engine.service_destinations.far]
uri = "unix:///srv/far.sock"
E`,
      400,
    );
    try {
      expect(await asTester('podman exec mine uname -n')).toMatchObject({ code: 0, stdout: 'far\n' });
      const without = await asTester(mine);
      expect(without).toMatchObject({ code: 255, stdout: '' });
      expect(without.stderr).toContain('podman asks unix:///srv/far.sock, which vmssh does not');
      await asTester('systemctl --user start podman.socket');
      expect(await asTester(mine, 400)).toMatchObject({ code: 0, stdout: 'mine\n' });
    } finally {
      await asTester(
        'systemctl --user stop podman.socket podman.service; rm ~/.config/containers/containers.conf',
      );
      await sh('podman rm --force --time 0 mine; systemctl stop far');
    }
  }, 1_200_000);

  test('a container of systemd-nspawn without an exported socket is reached by systemd-run', async () => {
    const { stdout } = await sh('vmssh check --until=resolved nsp');
    expect(stdout).toMatch(/✓ find .* exec:systemd-run --machine=nsp /);
  });

  describe('by the Hosts of config install', () => {
    beforeAll(async () => {
      expect(await sh('vmssh config install')).toMatchObject({ code: 0 });
    }, 300_000);

    test.each(['web', 'dock', 'exported', 'nsp', 'sysd'])(
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
        /^vmssh: cannot connect to "podman\/bare": "bare" has no sshd .*\nhint: .*--install-sshd podman\/bare\n/,
      );
    });
  });

  test('one at its limit of processes: a message with the fix', async () => {
    const made = await sh(
      'podman run --detach --name few --pids-limit 1 --network none own:1 sleep infinity',
    );
    expect(made).toMatchObject({ code: 0 });
    const { code, stderr } = await sh('vmssh ssh few true </dev/null');
    expect(code).toBe(255);
    expect(stderr).toContain('cannot connect to "podman/few": "few" is at its process limit');
    await sh('podman rm --force --time 0 few');
  });

  test('with a systemd is reached by the socket that it exports, or by the route that is asked for', async () => {
    const { code, stdout } = await sh('vmssh check -v --timeout 60 root@sysd', 400);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(
      /✓ route export .*unix:\/srv\/sysd\/ssh: SSH-2\.0.*\n.*✓ route exec .*podman --url=\S+ exec .*: SSH-2\.0/,
    );
    expect(await sh('vmssh ssh --route exec sysd "uname -n; cat /proc/1/comm"')).toMatchObject({
      code: 0,
      stdout: 'sysd\nsystemd\n',
    });
  });

  letsNewcomersIn(sh, { name: 'dock', group: 'docker', exec: 'docker exec -i dock' });

  for (const machine of off) startsOnDemand(sh, machine);

  // Its service would copy them without a program of its own.
  test.each([
    ['web', sh],
    ['root@mine', asTester],
  ] as const)(
    'the key of %s is read without a further start of podman',
    async (login, user) => {
      const podman = `#!/bin/sh\necho "$2" >>~/asked\nexec /usr/bin/podman "$@"\n`;
      await sh(`systemctl stop podman.socket podman.service; printf '${podman}' >/usr/local/bin/podman
        chmod +x /usr/local/bin/podman`);
      try {
        const first =
          await user(`vmssh config install --no-fresh >/dev/null && rm -f ~/.ssh/*known_hosts ~/asked
          ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes ${login} echo in`);
        expect(first).toMatchObject({ code: 0, stdout: 'in\n' });
        expect(first.stderr).toBe('');
        expect(await user('cat ~/asked')).toMatchObject({ code: 0, stdout: 'ps\nexec\n' });
      } finally {
        await sh('rm /usr/local/bin/podman; systemctl start podman.socket');
      }
    },
    400_000,
  );

  for (const machine of readable) isKnownByItsManager(sh, machine);
  isKnownByItsManager(sh, {
    ...{ login: 'root@mine', user: asTester, pid: testers(`podman ${pidOf} mine`) },
    again: `podman rm --force --time 0 mine && podman ${runOwn('mine')}`,
  });

  setsUp(sh, {
    ...{ target: 'podman/plain', inside: inside(`podman ${pidOf} plain`), account: 'tester', second: 'root' },
    whenReady: () =>
      test('is looked at by exec', async () => {
        const { code, stdout } = await sh('vmssh guest check --by exec tester@podman/plain', 400);
        expect(code, stdout).toBe(0);
      }),
  });
  setsUp(sh, {
    ...{ target: 'docker/plain', inside: inside(`docker ${pidOf} plain`) },
    ...{ account: 'root', options: '--user root', before: 'vmssh config install' },
  });
  setsUp(sh, {
    ...{ target: 'podman/plain', user: asTester, inside: inside(testers(`podman ${pidOf} plain`)) },
    account: 'tester',
  });
  // A systemd runs there, and its root is the guest's.
  setsUp(sh, {
    ...{ target: 'machine/plain', inside: inside(leader('plain')), account: 'tester' },
    places: 'etc home root usr/local var/lib',
  });
  // By sources: one that vmssh has, and ten lines of a user.
  setsUp(sh, {
    ...{
      target: 'lxc/lplain',
      inside: inFolder('/var/lib/lxc/lplain/rootfs'),
      account: 'tester',
      second: 'root',
    },
    before: `${nothingWritten} && vmssh source add --yes lxc`,
    whenReady: () =>
      test('is logged in to by exec, and checked by it', async () => {
        const { code, stdout } = await sh(
          'vmssh ssh --route exec tester@lxc/lplain uname -n && vmssh check tester@lxc/lplain',
          400,
        );
        expect({ code, stdout }).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/^lplain\n[✓!] tester@lxc\/lplain: .*logs in as tester/),
        });
      }),
  });
  // Not of a session, which has an address of D-Bus.
  const bySu = (line: string, timeout?: number) => sh(`su - tester -c '${line}' </dev/null`, timeout);
  setsUp(sh, {
    ...{ target: 'lxc/luser', user: bySu, inside: inFolder('/home/tester/.local/share/lxc/luser/rootfs') },
    ...{ account: 'tester', before: `${nothingWritten} && vmssh source add --yes lxc` },
  });
  const box = {
    version: 1,
    machines: ['boxed', 'bare'].map((name) => ({
      ...{ name, id: `b-${name}`, status: 'running', exec: ['/usr/sbin/chroot', `/srv/${name}`] },
    })),
  };
  const line = { version: 1, sources: { box: { command: ['/bin/sh', '/srv/box.sh'] } } };
  setsUp(sh, {
    ...{ target: 'box/boxed', inside: inFolder('/srv/boxed'), account: 'tester' },
    before: `${nothingWritten}
      printf '%s\\n' "cat <<'END'" '${JSON.stringify(box)}' END >/srv/box.sh; mkdir -p ~/.config/vmssh
      echo '${JSON.stringify(line)}' >~/.config/vmssh/sources.json`,
    whenReady: () =>
      test('is looked at by exec', async () => {
        const { code, stdout } = await sh('vmssh guest check --by exec tester@box/boxed', 400);
        expect(code, stdout).toBe(0);
      }),
  });
  test.each(['lxc/lbare', 'box/bare'])('an sshd is brought into %s, which has none', async (target) => {
    await sh('vmssh source add --yes lxc');
    const root = ':/root:/bin/';
    const { code, stdout } = await sh(
      `vmssh ssh --bring-sshd -n root@${target} "id -u; grep ^root: /etc/passwd; test -e /usr/sbin/sshd || exit 7"`,
      400,
    );
    expect({ code, stdout }).toEqual({ code: 7, stdout: expect.stringMatching(`^0\n.*${root}`) });
  });
  setsNothingUp(
    sh,
    { target: 'podman/shared', inside: inside(`podman ${pidOf} shared`) },
    /✗ key +\/root\/.ssh\/authorized_keys is this host's own.*\n +hint.*: if you mean that: --shared-home/,
    '--user root --key /vm/other.pub',
  );
  // Not the caller's, who is root.
  setsNothingUp(
    sh,
    { target: 'podman/homes', inside: inside(`podman ${pidOf} homes`) },
    /✗ key +\/home\/tester\/.ssh\/authorized_keys is this host's own.*\n +hint.*: if you mean that: --shared-home/,
    '--user tester --key /vm/other.pub',
  );
  setsNothingUp(
    sh,
    { target: 'podman/bare', inside: inside(`podman ${pidOf} bare`) },
    /✗ sshd +there is no sshd in .*; without its network: vmssh setup --bring-sshd podman\/bare\n +fix: vmssh setup --install-sshd podman\/bare\n/,
  );
});
