import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { bootHypervisor, expectList, outcome } from '../inside/hypervisor.js';
import { register } from '../inside/machined.js';
import { startsOnce } from '../inside/start-on-demand.js';
import { domain, saved, started, up } from '../inside/virtual-machines.js';

const mint = { name: 'mint', uuid: '11111111-2222-4333-8444-555555555555' };
const plum = { name: 'plum', uuid: '99999999-8888-4777-8666-555555555555', cid: 60 };

/** A machine makes itself another host key. */
const anew =
  'rm /etc/dropbear/*; kill $(cat /run/dropbear.pid); sleep 1; dropbear -R -P /run/dropbear.pid -p 127.0.0.1:22 >/dev/null 2>&1 </dev/null';

// The kernel's own vhost-vsock and KVM: the guest is the host here, and has guests of its own.
describeGuests('virtual machines of QEMU and libvirt', () => virtualMachines('hypervisor'));
describeGuests('virtual machines of newer ones', () => virtualMachines('hypervisor-sid'));

function virtualMachines(suite: 'hypervisor' | 'hypervisor-sid'): void {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);

  beforeAll(async () => {
    guest = await bootHypervisor({ suite, cid: 79, memory: 1536 });
    await guest.run(started({ ...mint, cid: 50 }));
    await guest.run('virsh -q create /dev/stdin', { input: domain(plum), timeout: 120 });
    await guest.run(`${up(mint)}; ${up(plum)}`, { timeout: 1200 });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed once each, by QEMU’s command line and libvirt', async () => {
    // libvirt registers its domains at machined too.
    expect((await sh('machinectl list --no-legend')).stdout).toMatch(/^qemu-\d+-plum /);
    await expectList(guest, {
      machines: [
        { ...mint, cid: 50, status: 'running', target: 'qemu/mint', provider: 'qemu', address: 'vsock/50' },
        { ...plum, status: 'running', target: 'qemu/plum', provider: 'libvirt', address: 'vsock/60' },
      ],
      warnings: [],
    });
  });

  test('are logged in to by target, by name, and by plain ssh', async () => {
    expect(await sh('vmssh ssh qemu/mint uname -n')).toMatchObject({ code: 0, stdout: 'mint\n' });
    expect(await sh('vmssh ssh plum uname -n')).toMatchObject({ code: 0, stdout: 'plum\n' });
    const { stdout } = await sh('vmssh config install >&2 && ssh -G mint');
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'proxyusefdpass yes',
        'hostkeyalias mint',
        expect.stringMatching(/^proxycommand .* proxy .*qemu\/mint/),
      ]),
    );
    expect(await sh('ssh -n mint uname -n')).toMatchObject({ code: 0, stdout: 'mint\n', stderr: '' });
  }, 400_000);

  test('are checked up to their host keys', async () => {
    expect(await sh('vmssh check -v qemu/mint')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✓ connect .*vsock:50:22.*✓ host key .*ssh-ed25519/s),
    });
  });

  test('have a vsock port forwarded to TCP, by their name', async () => {
    const ssh =
      'ssh -n -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR 127.0.0.1';
    const { stdout } = await sh(`mkfifo /run/ready && { vmssh forward mint 22 2222 >/run/ready & }
      read line </run/ready; echo "$line"; ${ssh} uname -n; kill $!; wait $!; echo "exit code $?"`);
    expect(stdout).toBe('✓ 127.0.0.1:2222 → qemu/mint:22   Ctrl-C stops it\nmint\nexit code 0\n');
  }, 400_000);

  test('that come back with another CID are recognized, without a warning', async () => {
    await guest.run(saved(mint), { timeout: 120 });
    await guest.run(started({ ...mint, cid: 51, from: 'saved' }));
    await expectList(guest, { machines: [{ name: 'mint', cid: 51 }, { name: 'plum' }] });
    expect(await sh('ssh -n mint uname -n')).toMatchObject({ code: 0, stdout: 'mint\n', stderr: '' });
  }, 400_000);

  test('that have made themselves another host key are refused until they are forgotten', async () => {
    await sh(`ssh -n mint '${anew}'`);
    const refused = await sh('ssh -n mint uname -n');
    expect(refused).toMatchObject({
      code: 255,
      stderr: expect.stringMatching(
        /^vmssh: the host key of "mint" is refused: .* known key .*\nhint: .* forget mint\n/,
      ),
    });
    expect(await sh('vmssh forget mint && ssh -n mint uname -n')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/mint\n$/),
    });
  }, 400_000);

  test('whose guest agent reads their host key are let in by a strict first login, and when they are made again', async () => {
    const ssh = (policy: string) => sh(`ssh -n -o StrictHostKeyChecking=${policy} plum echo in`);
    const strict = () => ssh('yes');
    // A manager may be late here, which is as if it could not say.
    const strictly = () => expect.poll(strict, { timeout: 400_000, interval: 500 });
    const answers = `until virsh -q qemu-agent-command plum '{"execute":"guest-ping"}'; do sleep 0.5; done`;
    const isIn = (said: string) => ({
      ...{ code: 0, stdout: 'in\n' },
      stderr: said && expect.stringMatching(said),
    });
    const refused = (line: string) => ({
      ...{ code: 255, stdout: '' },
      stderr: expect.stringMatching(`^vmssh: the host key of "plum" ${line}`),
    });
    expect(await sh(`${answers}; rm ~/.ssh/vmssh_known_hosts*; vmssh config install`)).toMatchObject({
      code: 0,
    });
    await strictly().toEqual(isIn(''));
    expect(await strict()).toEqual(isIn(''));
    await sh(`ssh -n plum '${anew}'`);
    for (const told of ['no', 'accept-new', 'yes'])
      expect(await ssh(told)).toEqual(refused('.* known key .*\\nhint: .* forget '));
    const other = { ...plum, uuid: plum.uuid.replace('9', '8') };
    await guest.run('virsh -q destroy plum');
    await guest.run('virsh -q create /dev/stdin', { input: domain(other), timeout: 120 });
    expect(await sh(`${up(plum)}; ${answers}`, 1200)).toMatchObject({ code: 0 });
    const said =
      '^vmssh: plum was recreated; libvirt confirms its new host key.*\nhint: .*vmssh setup plum\n$';
    await strictly().toEqual(isIn(said));
    expect(await strict()).toEqual(isIn(''));
    // What it says to its manager is not what it shows.
    await sh(`ssh -n plum '${anew}'; vmssh forget plum`);
    await strictly().toEqual(refused('is refused: .* its manager reads '));
  }, 1_800_000);

  test('whose CID another claims are reported, and QEMU gets no CID that is in use', async () => {
    expect(await sh(started({ ...mint, name: 'late', cid: plum.cid, waits: true }))).toMatchObject({
      stderr: expect.stringContaining('Address already in use'),
    });
    await guest.run(register({ name: 'ghost', class: 'vm', service: 'test', vSockCid: 51 }));
    await expectList(guest, { warnings: [{ code: 'ADDRESS_TWICE' }] });
  });

  test('of libvirt are listed with the state that it reports', async () => {
    await guest.run('virsh -q suspend plum');
    await expectList(guest, {
      machines: [{ name: 'ghost' }, { name: 'mint' }, { name: 'plum', status: 'paused' }],
    });
    await guest.run('virsh -q destroy plum');
    await expectList(guest, {
      machines: [{ name: 'ghost' }, { name: 'mint' }],
      warnings: [{ code: 'ADDRESS_TWICE' }],
    });
  });

  describe('of libvirt that are off', () => {
    beforeAll(async () => {
      await guest.run('virsh -q define /dev/stdin', { input: domain(plum), timeout: 120 });
      // It makes itself a host key at each boot.
      await guest.run('vmssh forget qemu/plum');
    });
    startsOnce(sh, {
      ...{ target: 'qemu/plum', name: 'plum', command: 'virsh -c qemu:///system start plum' },
      off: 'virsh -q destroy plum 2>/dev/null; virsh domstate plum | grep -x "shut off"',
      starts: 'grep "starting up" /var/log/libvirt/qemu/plum.log',
      isUp: 'virsh domstate plum | grep -qx running',
    });
  });

  describe('in other network namespaces', () => {
    const far = { name: 'far', uuid: mint.uuid.replaceAll('1', '2'), cid: 70, network: 'far' };
    const apart = { ...plum, name: 'apart', uuid: mint.uuid.replaceAll('1', '3'), network: 'apart' };
    const row = ({ name, uuid, cid }: typeof plum) => ({
      ...{ name, uuid, cid, target: `qemu/${name}`, address: `vsock/${cid}` },
    });
    const there = (cid: number, provider = 'qemu') => ({
      ...{ provider, code: 'INCOMPLETE' },
      problem: expect.stringMatching(`network namespace, and vsock/${cid} may be another machine`),
    });
    const inside = 'ip netns exec apart vmssh';
    const isApart = suite === 'hypervisor-sid';

    beforeAll(async () => {
      // The mode is written once, for all namespaces that are made from then on.
      const own = `echo local >/proc/sys/net/vsock/child_ns_mode && ip netns add apart && ${started(apart)}; ${up(apart)}`;
      await guest.run(
        `systemctl stop mint; systemctl stop leader-ghost; ip netns add far && ${started(far)}`,
      );
      await guest.run(isApart ? `${own}; ${up(far)}` : up(far), { timeout: 1200 });
    }, 1_800_000);

    test('that share their CIDs are reached by them', async () => {
      const mode = await sh('cat /proc/sys/net/vsock/ns_mode');
      expect(mode).toMatchObject(isApart ? { stdout: 'global\n' } : { code: 1 });
      expect(await sh(started({ ...mint, name: 'late', cid: far.cid, waits: true }))).toMatchObject({
        stderr: expect.stringContaining('Address already in use'),
      });
      const warnings = isApart ? [there(plum.cid)] : [];
      await expectList(guest, { machines: [row(far), row(plum)], warnings });
      expect(await sh('vmssh ssh far uname -n')).toMatchObject({ code: 0, stdout: 'far\n' });
    }, 400_000);

    if (!isApart) return;

    test('that have CIDs of their own are not taken for those of this one', async () => {
      for (const name of ['plum', `vsock/${plum.cid}`])
        await expect
          .poll(() => sh(`vmssh ssh ${name} uname -n`), { timeout: 100_000, interval: 500 })
          .toMatchObject({ code: 0, stdout: 'plum\n' }); // libvirt may be late
      expect(await sh('vmssh list -o address apart')).toMatchObject({ code: 4, stdout: '' });
      expect(await sh('vmssh ssh apart uname -n')).toMatchObject({ code: 255, stdout: '' });
      const { stdout } = await sh('vmssh config diff');
      expect(stdout).toMatch(/^\+Host far /m);
      expect(stdout).not.toContain('apart');
    }, 400_000);

    test('list their own from inside, and no address of others', async () => {
      const listed = async () => {
        const { machines, warnings } = JSON.parse((await sh(`${inside} list --json`)).stdout);
        return { machines, warnings, addresses: machines.map((each: { address?: string }) => each.address) };
      };
      await expect.poll(listed, { timeout: 100_000, interval: 500 }).toMatchObject({
        machines: [row(apart), { name: 'plum' }],
        addresses: ['vsock/60', undefined],
        warnings: expect.arrayContaining([there(70), there(plum.cid), there(plum.cid, 'libvirt')]),
      });
      expect(await sh(`${inside} ssh apart uname -n`)).toMatchObject({ code: 0, stdout: 'apart\n' });
      for (const name of ['plum', 'far'])
        expect(await sh(`${inside} ssh ${name} uname -n`)).toMatchObject({ code: 255, stdout: '' });
    }, 400_000);

    test('are asked for their mode by root only', async () => {
      const { stdout } = await sh("su - tester -c 'vmssh list --json --provider qemu'");
      expect(JSON.parse(stdout)).toMatchObject({
        machines: [row(plum)],
        warnings: expect.arrayContaining([there(70), there(plum.cid)]),
      });
    });

    test('leave the CID of a machine that ended to nobody', async () => {
      await guest.run('virsh -q destroy plum');
      expect(await sh(`vmssh ssh vsock/${plum.cid} uname -n`)).toMatchObject({ code: 255, stdout: '' });
    }, 400_000);
  });
}
