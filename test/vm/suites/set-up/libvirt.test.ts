import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { bootHypervisor, outcome } from '../../inside/hypervisor.js';
import { loggedIn, type PlainMachine, setsUp } from '../../inside/sets-up.js';
import { plainDomain } from '../../inside/virtual-machines.js';

type Sh = (line: string, timeout?: number) => ReturnType<typeof outcome>;

interface Plain {
  readonly name: string;
  readonly user: 'root' | 'ann';
  readonly uri?: 'qemu:///system' | 'qemu:///session';
  readonly ports?: number;
  readonly channel?: boolean;
}

// The guest is the host, and its libvirt has machines of the guest's own image: without a vsock device, a host key and anybody's key.
describeGuests('plain machines of libvirt', () => {
  let guest: Guest;
  const sh: Sh = (line, timeout) => outcome(guest, line, timeout);

  beforeAll(async () => {
    guest = await bootHypervisor({ cid: 86, memory: 2048 });
    await guest.run(
      `useradd --create-home --shell /bin/bash --groups libvirt,kvm ann && loginctl enable-linger ann
      chmod o+r /dev/vdb; chmod 1777 /vm; cd /root/.ssh && ssh-keygen -yf id_ed25519 >id_ed25519.pub
      su - ann -c 'mkdir -m 700 .ssh && ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519'`,
      { timeout: 100 },
    );
  }, 1_800_000);
  afterAll(() => guest?.stop());

  /** A machine that runs for the tests of `body`. */
  function withPlain(
    { name, user, uri = 'qemu:///system', ports, channel = true }: Plain,
    body: (as: Sh, virsh: string, machine: PlainMachine) => void,
  ) {
    const virsh = `virsh -q -c ${uri}`;
    const as: Sh = (line, timeout) => sh(loggedIn(user, line), timeout);
    const inside = (script: string) =>
      `${loggedIn(user, `bash /host/test/vm/suites/set-up/by-agent.sh ${uri} ${name}`)} <<'E'\ncd /\n${script}\nE`;

    describe(`${name} of ${user} at ${uri}`, () => {
      beforeAll(async () => {
        const disk = `${uri === 'qemu:///session' ? '/home/ann' : '/vm'}/${name}.qcow2`;
        const uuid = `11111111-2222-4333-8444-${Buffer.from(name.padEnd(6)).toString('hex')}`;
        await guest.run(`cat >/vm/${name}.xml`, { input: plainDomain({ name, uuid, disk, ports, channel }) });
        const made = await as(
          `qemu-img create -q -f qcow2 -b /dev/vdb -F raw ${disk} && ${virsh} define /vm/${name}.xml && ${virsh} start ${name}`,
          400,
        );
        expect(made).toMatchObject({ code: 0 });
        if (!channel) return;
        const keys = '/root/.ssh /home/tester/.ssh /etc/ssh/ssh_host_*';
        expect(await sh(inside(`systemctl stop ssh && rm -r ${keys}`), 1200)).toMatchObject({ code: 0 });
      }, 1_800_000);
      afterAll(async () => {
        await as(`${virsh} destroy ${name}`);
      });
      const also = `${virsh} dumpxml --inactive ${name}`;
      const places = 'etc home root usr/local var/lib/vmssh';
      body(as, virsh, { target: `qemu/${name}`, user: as, account: 'tester', inside, places, also });
    });
  }

  withPlain({ name: 'mint', user: 'root', ports: 4 }, (as, virsh, machine) => {
    const setup = (words: string) => as(`vmssh setup -v --yes ${words} qemu/mint`, 600);

    test('is left as it is while its memory is saved', async () => {
      const look = `${virsh} dumpxml --inactive mint; cd /var/lib/libvirt/qemu/save && stat mint.save`;
      expect(await as(`${virsh} managedsave mint`, 600)).toMatchObject({ code: 0 });
      const before = await as(look);
      for (const words of ['', '--restart'])
        expect(await setup(words)).toMatchObject({
          code: 1,
          stdout: expect.stringMatching(
            /✗ device +its memory is saved, and would be lost .*\n +fix: .*--start/,
          ),
        });
      expect(await as(look)).toEqual(before);
      const resumes = `${virsh} start mint && ${virsh} snapshot-create-as mint plain`;
      expect(await as(resumes, 600)).toMatchObject({ code: 0 });
    }, 1_800_000);

    setsUp(sh, { ...machine, second: 'root', also: `${machine.also}; ${virsh} snapshot-list mint` });

    test('loses no snapshot, and goes back to one of before', async () => {
      expect(await setup('')).toMatchObject({ code: 0 });
      const back = await as(`${virsh} snapshot-revert mint plain && ${virsh} dumpxml mint`, 600);
      expect(back).toMatchObject({ code: 0, stdout: expect.not.stringContaining('<vsock') });
    }, 1_800_000);
  });

  // libvirt adds a port of PCI Express for a device, which comes with the next start and stays.
  const withoutPorts = 'sed "/<controller type=.pci./,/<.controller>/d"';
  withPlain({ name: 'plum', user: 'ann' }, (_as, _virsh, machine) => {
    setsUp(sh, { ...machine, options: '--restart', also: `${machine.also} | ${withoutPorts}` });
  });

  withPlain({ name: 'fig', user: 'ann', uri: 'qemu:///session', ports: 4 }, (_as, _virsh, machine) => {
    setsUp(sh, machine);
  });

  withPlain({ name: 'pear', user: 'ann', ports: 4, channel: false }, (as, virsh) => {
    test('gets the device and the line for its console, which lets the key in', async () => {
      const before = await as(`${virsh} dumpxml --inactive pear`);
      const { code, stdout } = await as('vmssh setup -v --yes qemu/pear', 400);
      expect(stdout).toMatch(
        /\+ device +the machine has a vsock device now\n.*✗ inside .*no channel for a guest agent/,
      );
      expect(code).toBe(1);
      const [, line = ''] = /fix: type on its console, as root: (.*)\n/.exec(stdout) ?? [];
      await guest.run(`cat >/vm/line`, { input: `${line}\n` });
      // A terminal that is closed at once drops what was typed, and before the end of the boot nobody reads it.
      const types = `{ cat /vm/line; sleep 5; } | socat -u - $(${virsh} ttyconsole pear),raw,echo=0`;
      const answers = loggedIn('ann', 'vmssh nc --banner qemu/pear');
      await sh(`until ${types}; ${answers}; do sleep 5; done`, 1200);
      const login = 'vmssh ssh --wait=1200 -o StrictHostKeyChecking=accept-new root@qemu/pear uname -n';
      expect(await as(login, 1300)).toMatchObject({ code: 0, stdout: 'pear\n' });
      expect(await as('vmssh setup -v --undo --yes qemu/pear', 400)).toMatchObject({ code: 0 });
      expect(await as(`${virsh} dumpxml --inactive pear`)).toEqual(before);
    }, 1_800_000);
  });
});
