import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { takesFirstKeys } from '../../inside/hypervisor.js';
import { register } from '../../inside/machined.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const id = '0123456789abcdef0123456789abcdef';
/** What runs the service, and what has to be hidden for that: the executable comes first, if it is there. */
const programs = existsSync(`${root}/dist/linux-x64/vmssh`)
  ? [
      { program: 'node', hidden: '/host/dist/linux-x64' },
      { program: 'vmssh', hidden: '/unused' },
    ]
  : [{ program: 'node', hidden: '/unused' }];

// The guest is the host here, with a systemd for its user tester; its machines are itself, by its own CID.
describeGuests('forward --install by the user’s systemd', () => {
  let guest: Guest;
  const sh = async (line: string) => {
    const { stdout, stderr, code } = await guest.run(line, { timeout: 200, allowFailure: true });
    return { stdout, stderr, code };
  };
  const asUser = (line: string) =>
    `cd ~tester && runuser -u tester -- env HOME=/home/tester XDG_RUNTIME_DIR=/run/user/$(id -u tester) sh -c '${line}'`;
  /** A line as tester, in a login session's environment. It has no single quotes. */
  const user = (line: string) => sh(asUser(line));
  const until = (line: string) => guest.run(asUser(`until ${line}; do sleep 0.2; done`), { timeout: 200 });
  /** What a client that reads only known_hosts runs in a machine, and adds no key there itself. */
  const plain = (command: string) =>
    `ssh -n -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -p 2222 127.0.0.1 ${command}`;
  const isActive = async (...units: string[]) =>
    (await user(`systemctl --user is-active ${units.join(' ')}`)).stdout.trim().split('\n');
  const socket = 'vmssh-forward-127.0.0.1:2222.socket';
  const service = 'vmssh-forward-127.0.0.1:2222.service';
  const listening = 'ss -Hltn "sport = :2222"';

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'trixie', cid: 91, share: root });
    await guest.run(`set -e
      mkdir -p /host && mount -t virtiofs host /host && modprobe vsock_loopback
      printf '#!/bin/sh\\nexec node /host/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
      ${takesFirstKeys}
      useradd -m other
      install -d -o tester -m 700 /home/tester/.ssh
      [ -e /home/tester/.ssh/id_ed25519 ] || runuser -u tester -- ssh-keygen -q -t ed25519 -N '' -f /home/tester/.ssh/id_ed25519
      runuser -u tester -- ssh-keygen -y -f /home/tester/.ssh/id_ed25519 >>/home/tester/.ssh/authorized_keys
      systemctl start systemd-machined
      loginctl enable-linger tester
      until [ -S /run/user/$(id -u tester)/systemd/private ]; do sleep 0.2; done`);
    await guest.run(register({ name: 'selfmade', class: 'vm', service: 'test', vSockCid: 91, id }));
  }, 400_000);
  afterAll(() => guest?.stop());

  test('listens, prints the line for known_hosts once the key is known, and no program runs', async () => {
    const first = await user('vmssh forward selfmade 22 2222 --install');
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toContain('127.0.0.1:2222 → machine/selfmade:22, now and after each login');
    expect(first.stderr).toContain('log in once by vmssh ssh machine/selfmade');
    expect(await user('vmssh ssh machine/selfmade true')).toMatchObject({ code: 0 });
    expect(await user('vmssh forward selfmade 22 2222 --install >>.ssh/known_hosts')).toMatchObject({
      code: 0,
    });
    expect((await user('cat .ssh/known_hosts')).stdout).toMatch(/^\[127\.0\.0\.1\]:2222 ssh-ed25519 \S+\n/);
    expect(await isActive(socket, service)).toEqual(['active', 'inactive']);
    expect((await sh(listening)).stdout).toContain('127.0.0.1:2222 ');
    expect((await sh('pgrep -af "vmssh[.]js forward"')).stdout).toBe('');
    const [installed] = JSON.parse((await user('vmssh forward --list --json')).stdout).installed;
    expect(installed).toMatchObject({ target: 'machine/selfmade', unit: socket, listening: true });
  }, 240_000);

  test('has the first connection start the service, and a client log in by host and port without a question', async () => {
    expect(await user(plain('hostname'))).toMatchObject({ code: 0, stdout: 'trixie\n', stderr: '' });
    expect(await isActive(socket, service)).toEqual(['active', 'active']);
  }, 240_000);

  test('turns another user away', async () => {
    const read = 'runuser -u other -- bash -c "exec 3<>/dev/tcp/127.0.0.1/2222 && cat <&3"';
    expect(await sh(read)).toMatchObject({ code: 0, stdout: '' });
    const { stdout: uid } = await sh('id -u other');
    const said = `journalctl _SYSTEMD_USER_UNIT=${service} | grep -q 'turned away: user ${uid.trim()} '`;
    await guest.run(`until ${said}; do sleep 0.2; done`, { timeout: 200 });
    expect(await user(plain('true'))).toMatchObject({ code: 0 });
  }, 240_000);

  test('ends when idle, here after three seconds, and is started again', async () => {
    expect(await user('vmssh forward --idle 3 selfmade 22 2222 --install')).toMatchObject({ code: 0 });
    expect(await user(plain('true'))).toMatchObject({ code: 0 });
    await until(`! systemctl --user is-active -q ${service}`);
    expect(await isActive(socket)).toEqual(['active']);
    expect(await user(plain('true'))).toMatchObject({ code: 0 });
  }, 240_000);

  test('listens at an odd path for its user only, and at ::1', async () => {
    const path = '/home/tester/50%h und {.sock';
    expect(await user(`vmssh forward selfmade 22 "${path}" --install`)).toMatchObject({ code: 0 });
    expect(await user('vmssh forward selfmade 22 [::1]:2223 --install')).toMatchObject({ code: 0 });
    expect(await sh(`stat -c "%a %U" "${path}"`)).toMatchObject({ stdout: '600 tester\n' });
    const { installed } = JSON.parse((await user('vmssh forward --list --json')).stdout);
    expect(installed).toHaveLength(3);
    expect(installed).not.toContainEqual(expect.objectContaining({ listening: false }));
    const banner = `socat -u "UNIX-CONNECT:${path}" - | head -c 8`;
    const python = `import socket; s = socket.socket(socket.AF_UNIX); s.connect(\\"${path}\\"); print(s.recv(8).decode())`;
    expect(
      (await user(`command -v socat >/dev/null && ${banner} || python3 -c "${python}"`)).stdout,
    ).toContain('SSH-2.0-');
    expect(await user(`vmssh forward selfmade 22 "${path}" --uninstall`)).toMatchObject({ code: 0 });
    expect(await user('vmssh forward selfmade 22 [::1]:2223 --uninstall')).toMatchObject({ code: 0 });
    expect((await sh(`ss -Hlt "sport = :2223"; ls "${path}"`)).stdout).toBe('');
  }, 240_000);

  test('is there again when the user’s systemd is', async () => {
    await guest.run('systemctl restart user@$(id -u tester)');
    expect(await isActive(socket)).toEqual(['active']);
    expect(await user(plain('hostname'))).toMatchObject({ code: 0, stdout: 'trixie\n' });
  }, 240_000);

  test('still listens, and says so, if the user’s systemd cannot be asked for its end, or is slow', async () => {
    await guest.run(
      `mkdir -p /slow && printf '#!/bin/sh\\nexec sleep 1000\\n' >/slow/systemctl && chmod +x /slow/systemctl`,
    );
    for (const env of ['-u XDG_RUNTIME_DIR', 'PATH=/slow:$PATH']) {
      const left = await user(`env ${env} vmssh forward selfmade 22 2222 --uninstall`);
      expect(left).toMatchObject({ code: 1 });
      expect(left.stderr).toContain('systemd may still listen on "127.0.0.1:2222", so its units stay: ');
      expect((await sh(listening)).stdout).toContain('127.0.0.1:2222 ');
    }
    expect(await user('env -u XDG_RUNTIME_DIR vmssh forward selfmade 22 2224 --install')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('your systemd does not listen on "127.0.0.1:2224"'),
    });
  }, 240_000);

  // test/e2e/forward/sandbox.test.ts compares what they allow with what it asks for; here systemd enforces them.
  test.each(programs)(
    'serves addresses within the limits of its units: $program',
    async ({ program, hidden }) => {
      const clients = [
        { target: 'vsock/91', local: '2225', ssh: '-p 2225 127.0.0.1' },
        {
          target: '.host',
          local: '/home/tester/own.sock',
          ssh: '-o "ProxyCommand=vmssh proxy unix/home/tester/own.sock 22" own',
        },
      ];
      for (const { target, local, ssh } of clients) {
        const install = await sh(
          `mkdir -p /none ${hidden} && mount --bind /none ${hidden} && ${asUser(`vmssh forward ${target} 22 ${local} --install`)}; code=$?; umount ${hidden}; exit $code`,
        );
        expect(install).toMatchObject({ code: 0 });
        const { installed } = JSON.parse((await user('vmssh forward --list --json')).stdout);
        const { unit } = installed.find((each: { unit: string }) => each.unit !== socket);
        const login = `ssh -n -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ${ssh} hostname`;
        expect(await user(login)).toMatchObject({ code: 0, stdout: 'trixie\n' });
        const show = `systemctl --user show -P MainPID ${unit.replace('.socket', '.service')}`;
        const pid = (await user(show)).stdout.trim();
        const limits = `basename "$(readlink /proc/${pid}/exe)" && grep -E "^(NoNewPrivs|Seccomp):" /proc/${pid}/status`;
        expect((await sh(limits)).stdout).toBe(`${program}\nNoNewPrivs:\t1\nSeccomp:\t2\n`);
        // In one of its own it would take all owners for "nobody".
        expect((await sh(`readlink /proc/${pid}/ns/user /proc/self/ns/user | sort -u | wc -l`)).stdout).toBe(
          '1\n',
        );
        expect(await user(`vmssh forward ${target} 22 ${local} --uninstall`)).toMatchObject({ code: 0 });
      }
    },
    240_000,
  );

  test('is gone, with its connections, after --uninstall', async () => {
    await guest.run(
      `systemd-run -q --unit=held --uid=tester --setenv=HOME=/home/tester ${plain('sleep 1000')}`,
    );
    await until(`systemctl --user is-active -q ${service}`);
    expect(await user('vmssh forward selfmade 22 2222 --uninstall')).toMatchObject({ code: 0 });
    expect(await isActive(socket, service)).toEqual(['inactive', 'inactive']);
    await guest.run('while systemctl is-active -q held; do sleep 0.2; done', { timeout: 200 });
    const left = `ls .config/systemd/user .config/systemd/user/sockets.target.wants; ${listening}`;
    expect((await user(left)).stdout).not.toMatch(/vmssh-|127\.0\.0\.1/);
    expect(await user('vmssh forward --list --json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"installed": []'),
    });
  }, 240_000);
});
