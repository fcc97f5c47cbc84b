import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { register } from '../../inside/machined.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const id = '0123456789abcdef0123456789abcdef';

// The guest is the host here, with a systemd for its user tester; its machines are itself, by its own CID.
describeGuests('loopback ports by the user’s systemd', () => {
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
  const portOf = async (name: string) =>
    (await user(`vmssh list --loopback ${name}`)).stdout.match(/127\.0\.0\.1:(\d+)$/m)?.[1] ?? 'none';
  /** What a client that reads only known_hosts runs in a machine, and adds no key there itself. */
  const plain = (port: string, command: string) =>
    `ssh -n -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -p ${port} 127.0.0.1 ${command}`;
  const isActive = async (...units: string[]) =>
    (await user(`systemctl --user is-active ${units.join(' ')}`)).stdout.trim().split('\n');
  let port: string;
  let socket: string;
  let service: string;

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'trixie', cid: 91, share: root });
    await guest.run(`set -e
      mkdir -p /host && mount -t virtiofs host /host && modprobe vsock_loopback
      printf '#!/bin/sh\\nexec node /host/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
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

  test('are listened on after config install, which has taken the host key, and no program runs', async () => {
    const installed = await user('vmssh config install --fresh --loopback');
    expect(installed).toMatchObject({ code: 0 });
    expect(installed.stderr).not.toContain('systemd');
    expect(installed.stdout).toContain('took the host keys of 1 machine, as a first login by ssh does\n');
    expect(installed.stdout).toMatch(/; systemd listens there, for only you and root\n$/);
    port = await portOf('selfmade');
    [socket, service] = [`vmssh-loopback@${port}.socket`, `vmssh-loopback@${port}.service`];
    expect(await isActive(socket, service)).toEqual(['active', 'inactive']);
    expect((await sh(`ss -Hltn "sport = :${port}"`)).stdout).toContain(`127.0.0.1:${port} `);
    expect((await sh('pgrep -af "vmssh[.]js forward"')).stdout).toBe('');
    expect(await user('vmssh config diff')).toMatchObject({ code: 0, stdout: '' });
    const doctor = await user('vmssh doctor | grep -F "loopback ports"');
    expect(doctor.stdout).toMatch(/✓ loopback ports +1 of 1 are served/);
  }, 240_000);

  test('have the first connection start the service, and a client log in by host and port without a question', async () => {
    expect(await user(plain(port, 'hostname'))).toMatchObject({ code: 0, stdout: 'trixie\n', stderr: '' });
    expect(await isActive(socket, service)).toEqual(['active', 'active']);
  }, 240_000);

  test('turn another user away', async () => {
    const read = `runuser -u other -- bash -c "exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3"`;
    expect(await sh(read)).toMatchObject({ code: 0, stdout: '' });
    const { stdout: uid } = await sh('id -u other');
    const said = `journalctl _SYSTEMD_USER_UNIT=${service} | grep -q 'turned away: user ${uid.trim()} '`;
    await guest.run(`until ${said}; do sleep 0.2; done`, { timeout: 200 });
    expect(await user(plain(port, 'true'))).toMatchObject({ code: 0 });
  }, 240_000);

  test('end when idle, by a drop-in of the user after three seconds, and are started again', async () => {
    const folder = '.config/systemd/user/vmssh-loopback@.service.d';
    const lines = '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/vmssh forward --idle 3 --all systemd\\n';
    await user(
      `systemctl --user stop ${service}; mkdir -p ${folder} && printf "${lines}" >${folder}/idle.conf`,
    );
    await user('systemctl --user daemon-reload');
    expect(await user(plain(port, 'true'))).toMatchObject({ code: 0 });
    await until(`! systemctl --user is-active -q ${service}`);
    expect(await isActive(socket)).toEqual(['active']);
    expect(await user(plain(port, 'true'))).toMatchObject({ code: 0 });
    await user(`rm -r ${folder} && systemctl --user daemon-reload`);
  }, 240_000);

  test('come and go with their machines, and no connection of another one ends', async () => {
    await guest.run(
      `systemd-run -q --unit=held --uid=tester --setenv=HOME=/home/tester ${plain(port, 'sleep 1000')}`,
    );
    await until(`systemctl --user is-active -q ${service}`);
    await guest.run(register({ name: 'late', class: 'vm', service: 'test', vSockCid: 91 }));
    await until('grep -q "^Host late$" .ssh/vmssh.conf');
    const late = await portOf('late');
    await until(`systemctl --user is-active -q vmssh-loopback@${late}.socket`);
    // Its key is not known yet: the service takes it before it connects its client.
    expect(await user(plain(late, 'hostname'))).toMatchObject({ code: 0, stdout: 'trixie\n', stderr: '' });
    await guest.run('systemctl stop leader-late');
    await until(`! systemctl --user is-active -q vmssh-loopback@${late}.socket`);
    expect(await isActive(socket, service)).toEqual(['active', 'active']);
    expect(await sh('systemctl is-active held')).toMatchObject({ stdout: 'active\n' });
  }, 240_000);

  test('are two hundred without a program', async () => {
    const first = Number(port) < 29_500 ? 29_600 : 29_200;
    const units = `$(seq -f vmssh-loopback@%g.socket ${first} ${first + 199})`;
    expect(await user(`systemctl --user start ${units}`)).toMatchObject({ code: 0 });
    const listening = `ss -Hltn "sport >= :${first} and sport <= :${first + 199}" | wc -l`;
    expect(await sh(listening)).toMatchObject({ stdout: '200\n' });
    expect(await sh(`pgrep -fc "vmssh[.]js forward" -u tester; true`)).toMatchObject({
      stdout: expect.stringMatching(/^[01]\n$/),
    });
    expect(await user(`systemctl --user stop ${units}`)).toMatchObject({ code: 0 });
  }, 240_000);

  test('are there again when the user’s systemd is', async () => {
    await guest.run('systemctl restart user@$(id -u tester)');
    expect(await isActive(socket)).toEqual(['active']);
    expect(await user(plain(port, 'hostname'))).toMatchObject({ code: 0, stdout: 'trixie\n' });
  }, 240_000);

  test('are gone, with their connections, after --no-loopback and after config uninstall', async () => {
    const left = `ls .config/systemd/user .config/systemd/user/sockets.target.wants; cat .ssh/known_hosts; ss -Hltn "sport = :${port}"`;
    expect(await user('vmssh config install --no-loopback')).toMatchObject({ code: 0 });
    expect(await isActive(socket, service)).toEqual(['inactive', 'inactive']);
    expect((await user(left)).stdout).not.toMatch(/vmssh-loopback|127\.0\.0\.1/);
    expect(await user('vmssh config install --loopback')).toMatchObject({ code: 0 });
    expect(await isActive(socket)).toEqual(['active']);
    expect(await user('vmssh config uninstall')).toMatchObject({ code: 0 });
    expect(await isActive(socket)).toEqual(['inactive']);
    expect((await user(left)).stdout).not.toMatch(/vmssh-|127\.0\.0\.1/);
  }, 240_000);

  test('are left to forward --all where the user’s systemd does not answer', async () => {
    const { stderr, stdout } = await user('env -u XDG_RUNTIME_DIR vmssh config install --loopback');
    expect(stderr).toMatch(/: systemd does not listen on the loopback ports: .*\nhint: .*forward --all/);
    expect(stdout).toMatch(/forward --all connects them, for only you and root\n$/);
  }, 240_000);
});
