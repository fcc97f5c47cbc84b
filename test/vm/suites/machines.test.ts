import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { startContainer, stopContainer } from '../inside/container.js';
import { outcome, vmsshInstalled } from '../inside/hypervisor.js';
import { register } from '../inside/machined.js';
import { qemuAs } from '../inside/qemu.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const id = '0123456789abcdef0123456789abcdef';
const selfmade = register({ name: 'selfmade', class: 'vm', service: 'test', vSockCid: 78, id });

describeGuests('machines on a host with systemd-machined', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'trixie', cid: 78, share: root });
    // The guest is the host here: it knows a container, and itself as a machine by its own CID.
    await guest.copyIn({ '/root/.ssh/id_ed25519': guest.identity });
    await guest.run(`set -e
      mkdir -p /host && mount -t virtiofs host /host && modprobe vsock_loopback
      chmod 600 /root/.ssh/id_ed25519
      ${vmsshInstalled}`);
    // Root has no keys in it, as in a new one, and its host key is known here before it starts.
    await guest.run('vmssh guest credentials box --for nspawn >/tmp/box');
    await startContainer(guest, 'box', {
      prepare: 'rm root/.ssh/authorized_keys',
      nspawn: '$(cat /tmp/box)',
    });
    await guest.run(selfmade);
  }, 400_000);
  afterAll(() => guest?.stop());

  test('are listed once each, with what both sources know', async () => {
    const { stdout } = await sh('vmssh list --json');
    expect(JSON.parse(stdout)).toMatchObject({
      machines: [
        { name: 'box', target: 'machine/box', also: ['container/box'], status: 'running' },
        { name: 'selfmade', target: 'machine/selfmade', cid: 78, address: 'vsock/78' },
      ],
    });
  }, 120_000);

  test('that got their keys from vmssh guest credentials are trusted from the first login, and no other key', async () => {
    const strict = '-o StrictHostKeyChecking=yes -o BatchMode=yes root@box';
    const first = `vmssh ssh ${strict} ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key`;
    const { stdout: made } = await sh('ssh-keygen -lf .ssh/vmssh_guests/box/ssh_host_ed25519_key.pub');
    expect(await sh(first)).toMatchObject({ code: 0, stdout: made, stderr: '' });
    const check = await sh('vmssh check -v box', 400); // on a busy machine it says that the login is slow, too
    expect(check.stdout).toMatch(/✓ credentials +sshd has the host key that was made for this machine/);
    const inside = await sh('vmssh guest check --script | vmssh ssh box sh');
    expect(inside.stdout).toMatch(/^ok +listening +sshd-unix-export\.socket listens on \/run\/host/m);
    // machinectl's shell may end with its stdin, before its program.
    const inBox = 'systemd-run --quiet --wait --pipe --machine=box /bin/sh -c';
    const other = `${inBox} 'cd /etc/ssh && rm ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N "" -f ssh_host_ed25519_key'`;
    const back = `${inBox} 'systemd-tmpfiles --create - </run/credentials/@system/tmpfiles.extra'`;
    expect(await sh(other)).toMatchObject({ code: 0 });
    expect(await sh(first)).toMatchObject({
      code: 255,
      stdout: '',
      stderr: expect.stringContaining('is not the key that vmssh guest credentials made for "box"'),
    });
    expect(await sh(back)).toMatchObject({ code: 0 });
    expect(await sh(first)).toMatchObject({ code: 0, stdout: made });
  }, 480_000);

  test('are logged in to by their names, and known again by their ids', async () => {
    expect(await sh('vmssh ssh box hostname')).toMatchObject({ code: 0, stdout: 'box\n' });
    expect(await sh('vmssh ssh selfmade hostname')).toMatchObject({ code: 0, stdout: 'trixie\n' });
    // ssh has kept the one that nobody could confirm, with a note of vmssh's whose it is.
    const { stdout } = await sh('cat .ssh/vmssh_known_hosts.new; cat .ssh/vmssh_known_hosts');
    expect(stdout).toMatch(/^# vmssh: \S+ \S+ vmssh-01234567-89ab-cdef-0123-456789abcdef /m);
    expect(stdout).not.toMatch(/^[^ ]*box/m);
  }, 120_000);

  // From here to the uninstall the configuration is there. A user's systemd ends with the last session: here it lingers.
  test('are logged in to by plain ssh after config install', async () => {
    await guest.run('loginctl enable-linger root');
    expect(
      await sh(
        'vmssh config install --fresh && ssh -n -o StrictHostKeyChecking=yes box hostname && ssh -n selfmade hostname',
      ),
    ).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nbox\ntrixie\n$/) });
    expect(await sh('cat .ssh/vmssh_known_hosts')).toMatchObject({
      stdout: expect.stringMatching(/^vmssh-01234567-89ab-cdef-0123-456789abcdef ssh-ed25519 /m),
    });
    expect(
      await sh('vmssh doctor -v | grep -E "^[^ ]+ (exposed|config|Include|ssh vsock/3|fresh Hosts) "'),
    ).toMatchObject({
      stdout: expect.stringMatching(
        /^– exposed +1 with an open vsock port 22: selfmade \(vsock\/78\).*\n✓ config.*\n✓ Include.*\n✓ ssh vsock\/3 .*ssh runs vmssh\n✓ fresh Hosts .*systemd write them\n$/,
      ),
    });
  }, 240_000);

  test('have a folder mounted by sshfs, by a Host and by a target', async () => {
    const read = (from: string) =>
      sh(`mkdir -p mnt && sshfs ${from}:/etc mnt && cat mnt/hostname; fusermount3 -u mnt && ls mnt`);
    expect(await read('box')).toMatchObject({ code: 0, stdout: 'box\n' });
    expect(await read('machine%selfmade')).toMatchObject({ code: 0, stdout: 'trixie\n' });
  }, 240_000);

  test('that come and go have their Hosts follow by units of the user’s systemd', async () => {
    const comes = async () => {
      await guest.run(register({ name: 'late', class: 'vm', service: 'test', vSockCid: 78 }));
      await guest.run("until grep -q '^Host late$' .ssh/vmssh.conf; do sleep 0.2; done");
    };
    await comes();
    await guest.run('systemctl stop leader-late');
    await guest.run("while grep -q '^Host late$' .ssh/vmssh.conf; do sleep 0.2; done");
    // One that was used keeps its name, until it is forgotten.
    await comes();
    expect(await sh('ssh -n late hostname')).toMatchObject({ code: 0, stdout: 'trixie\n' });
    await guest.run('systemctl stop leader-late');
    await guest.run('until grep -q \'"gone"\' .local/state/vmssh/hosts.json; do sleep 0.2; done');
    expect(await sh('vmssh forget late && grep "^Host late" .ssh/vmssh.conf')).toMatchObject({ code: 1 });
    expect(await sh('grep -c "^Host box " .ssh/vmssh.conf')).toMatchObject({ stdout: '1\n' });
  }, 240_000);

  // The processes have the recorded command lines; vng and ssh are the real ones, and what answers is the guest's own sshd.
  test('of virtme-ng, quickemu and vmspawn are logged in to by name, and as their tools do', async () => {
    const key = '/run/vmspawn-key';
    // A CID that two machines claim is a route of neither: one of them at a time.
    await guest.run(`set -e
      systemctl stop leader-selfmade
      while machinectl show selfmade >/dev/null 2>&1; do sleep 0.2; done
      modprobe vhost_vsock
      ${qemuAs('kern', 'virtme-ng1.35', 's/guest-cid=42/guest-cid=78/')}
      ${qemuAs('debian', 'quickemu4.9.7', '', 22221)}
      ssh-keygen -q -t ed25519 -N '' -f ${key} && cat ${key}.pub >/home/tester/.ssh/authorized_keys
      mkdir -p .cache/virtme-ng/.ssh
      printf 'Host virtme-ng%%*\\n StrictHostKeyChecking no\\n UserKnownHostsFile /dev/null\\n LogLevel ERROR\\n ProxyCommand virtme-ssh-proxy --port %%p %%h\\n ProxyUseFdpass yes\\n' >.cache/virtme-ng/.ssh/virtme-ng-ssh.conf`);
    const listed = (...names: string[]) =>
      // Again and again: on a busy machine a provider may be late.
      expect
        .poll(async () => (await sh('vmssh list -q')).stdout.split('\n'), { timeout: 100_000, interval: 500 })
        .toEqual(expect.arrayContaining(names));
    // Beside each other: by the Host that the list has written, and by the tool's own command.
    const both = async (byName: string, asItsTool: string, says: string) =>
      expect(await sh(`${byName}; ${asItsTool}`)).toMatchObject({ code: 0, stdout: `${says}\n${says}\n` });
    const own = 'ssh -n -F /etc/ssh/ssh_config -o LogLevel=ERROR -o StrictHostKeyChecking=no';
    await listed('debian', 'kern');
    await both('ssh -n kern hostname', 'vng --ssh-client 78 -- hostname </dev/null', 'trixie');
    await both('ssh -n debian hostname', `${own} -p 22221 localhost hostname`, 'trixie');
    await guest.run('systemctl stop kern');
    await guest.run(register({ name: 'spawn', class: 'vm', vSockCid: 78, sshPrivateKeyPath: key }));
    await listed('spawn');
    await both('ssh -n tester@spawn whoami', `${own} -i ${key} tester@vsock/78 whoami`, 'tester');
    await guest.run(`systemctl stop debian leader-spawn; ${selfmade}`);
  }, 300_000);

  test('have no Hosts and no units after config uninstall', async () => {
    const units = 'vmssh-hosts.path vmssh-hosts.timer';
    const states = () => sh(`systemctl --user is-active ${units}; systemctl --user is-enabled ${units}`);
    expect((await states()).stdout).toBe('active\nactive\nenabled\nenabled\n');
    expect(await sh('vmssh config uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect((await states()).stdout).toBe('inactive\ninactive\nnot-found\nnot-found\n');
    const files =
      'ls .ssh/config .ssh/vmssh.conf .local/state/vmssh; find .config -name "vmssh*"; loginctl disable-linger root';
    expect(await sh(files)).toMatchObject({ stdout: '' });
  }, 240_000);

  test('that have another host key are refused until they are forgotten', async () => {
    await sh(
      'ssh-keygen -q -t ed25519 -N "" -f other; sed -i "s#^\\(vmssh-0123[^ ]* \\).*#\\1$(cut -d\' \' -f1,2 other.pub)#" .ssh/vmssh_known_hosts',
    );
    const refused = await sh('vmssh ssh selfmade hostname');
    const [, fix = ''] = /if it was reinstalled: (.*vmssh.* forget selfmade)\n/.exec(refused.stderr) ?? [];
    expect([refused.code, fix]).toEqual([255, expect.stringMatching(/./)]);
    expect(await sh(`${fix} && vmssh ssh selfmade hostname`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/trixie\n$/),
    });
  }, 180_000);

  test('that are containers of nspawn without an export are logged in to by their CIDs', async () => {
    const bare = { name: 'bare', class: 'container', service: 'systemd-nspawn', vSockCid: 78 };
    await guest.run(register({ ...bare, id: id.replace('0', '9') }));
    expect(await sh('vmssh check --until=resolved bare')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /✓ find .* exports an SSH socket: .* → it has the vsock CID 78 → vsock:78:22\n/,
      ),
    });
    expect(await sh('vmssh ssh bare hostname')).toMatchObject({ code: 0, stdout: 'trixie\n' });
  }, 120_000);

  test('that are containers without systemd export their sshd once the script of guest print ran there', async () => {
    // BusyBox's init; the manager shares /run/host/unix-export with it.
    const prepare = `ln -sf ../bin/busybox usr/sbin/init; echo '::sysinit:/bin/true' >etc/inittab; rm -f root/.ssh/known_hosts`;
    await startContainer(guest, 'plain', { prepare, init: '/sbin/init' });
    const inside = 'nsenter -a -t $(machinectl show -P Leader plain) sh -s';
    const done = await sh(`vmssh guest print | ${inside}`);
    expect(done, done.stdout).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^ok +systemd +PID 1 is init, not systemd: BusyBox's init will start sshd$/m);
    expect(done.stdout).toMatch(/^end +0 +sshd is on \/run\/host\/unix-export\/ssh$/m);
    expect(await sh('vmssh ssh plain cat /proc/1/comm')).toMatchObject({ code: 0, stdout: 'init\n' });
    expect(await sh(`vmssh guest check --script | ${inside}`)).toMatchObject({ code: 0 });
    const undone = await sh(`vmssh guest print --undo | ${inside}`);
    expect(undone, undone.stdout).toMatchObject({ code: 0 });
    expect(await sh('vmssh ssh plain true')).toMatchObject({ code: 255 });
    expect((await sh(`echo 'cat /etc/inittab; ls /usr/local/sbin' | ${inside}`)).stdout).toBe(
      '::sysinit:/bin/true\n',
    );
    await stopContainer(guest, 'plain');
  }, 480_000);
});
