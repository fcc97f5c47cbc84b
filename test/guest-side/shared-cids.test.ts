import { describe, expect, it } from 'vitest';
import { cidsOf, sharedCids } from '../../src/guest/shared-cids.js';

describe('13: CIDs of running machines', () => {
  it.each([
    {
      name: 'QEMU',
      args: [
        '/usr/bin/qemu-system-x86_64',
        '-name',
        'guest=web,debug-threads=on',
        '-device',
        'vhost-vsock-pci,id=v,guest-cid=3',
      ],
      want: [[3, 'qemu-system-x86_64 web']],
    },
    {
      name: 'QEMU by libvirt',
      args: ['qemu', '-device', '{"driver":"vhost-vsock-pci","id":"vsock0","guest-cid":4,"vhostfd":"3"}'],
      want: [[4, 'qemu']],
    },
    { name: 'crosvm', args: ['crosvm', 'run', '--vsock', 'cid=5'], want: [[5, 'crosvm']] },
    {
      name: 'a device in user space, whose CIDs are its own',
      args: ['qemu', '-device', 'vhost-user-vsock-pci,chardev=c'],
      want: [],
    },
    { name: 'somebody who talks about it', args: ['grep', 'guest-cid=3'], want: [] },
  ])('$name', ({ args, want }) => {
    expect(cidsOf(1, args).map(({ cid, words }) => [cid, words])).toEqual(want);
  });
  it('are shared where two have one', () => {
    const user = (pid: number, cid: number) => ({ pid, cid, words: 'qemu' });
    expect([...sharedCids([user(1, 3), user(2, 4), user(5, 3)])]).toEqual([[3, [user(1, 3), user(5, 3)]]]);
  });
});
