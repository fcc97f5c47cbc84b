import { describe, expect, it } from 'vitest';
import { sourceBy } from '../../../src/sources/sources.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { type FakeProcess, fakeProc } from '../processes/fake-proc.js';

const dir = useTempDir();
/** Its open files with a machine of /dev/kvm among them. */
const withVm = { fd: { '0': '/dev/null', '9': '/dev/kvm', '10': 'anon_inode:kvm-vm' } };

const said = async (processes: readonly FakeProcess[], wanted?: string) => {
  const { list } = await sourceBy('kvm').load();
  const { found, warnings } = await list({ env: {}, procDir: fakeProc(dir, processes), wanted });
  expect(found).toEqual([]);
  return warnings.map(({ code, problem }) => `${code} ${problem}`);
};

describe('a virtual machine of a program that no source knows', () => {
  it('is said by its program and pid, with the CID that its command line has', async () => {
    const said0 = await said([
      { argv: ['lkvm', 'run', '--name', 'web', '--vsock', '5'], ...withVm },
      { argv: ['/opt/kata/vmm', '-device', 'vhost-vsock-pci,guest-cid=7'], ...withVm },
      { argv: ['qemu-system-x86_64'], ...withVm },
      { argv: ['virtiofsd'], fd: { '3': '/dev/kvm' } },
    ]);
    const unknown = (pid: number, program: string, how: string) =>
      `NOT_LISTED pid ${pid}: a virtual machine of ${program} runs, which vmssh does not know: ${how}`;
    expect(said0).toEqual([unknown(100, 'lkvm', 'type vsock/5'), unknown(101, 'vmm', 'type vsock/7')]);
  });

  it('is not looked for in the files of a process whose processors never ran a guest', async () => {
    const stat = (guest: number) => `100 (a) b) S ${'1 '.repeat(39)}${guest} 0 1 1 1 1 1 1 1 0\n`;
    const all = [0, 7].map((guest) => ({ argv: ['lkvm', 'run'], files: { stat: stat(guest) }, ...withVm }));
    expect(await said(all)).toEqual([expect.stringContaining('pid 101: ')]);
  });

  it('is not looked for in a process with one thread: a processor of a machine has one, beside the first', async () => {
    const all = [1, 2].map((threads) => ({
      argv: ['lkvm', 'run'],
      status: `Threads:\t${threads}\n`,
      ...withVm,
    }));
    expect(await said(all)).toEqual([expect.stringContaining('pid 101: ')]);
  });

  it('is looked for among those of that name only', async () => {
    const all = ['web', 'db'].map((name) => ({ argv: ['lkvm', 'run', '--name', name], ...withVm }));
    expect(await said(all, 'web')).toHaveLength(1);
    expect(await said(all, 'lkvm')).toHaveLength(2);
    expect(await said(all, 'mint')).toEqual([]);
  });
});
