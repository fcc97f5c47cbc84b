import { describe, expect, it } from 'vitest';
import type { StartCommand } from '../../src/base/errors.js';
import { podman } from '../../src/sources/containers/podman.js';
import { startHyperV } from '../../src/sources/hyper-v/hyper-v.js';
import { startDomain } from '../../src/sources/libvirt/source.js';
import { incus } from '../../src/sources/managers/incus.js';
import { lima } from '../../src/sources/managers/lima.js';
import { multipass } from '../../src/sources/managers/multipass.js';
import type { Status } from '../../src/sources/source.js';
import { parseGuid } from '../../src/typed/numbers.js';
import { shellLine } from '../../src/typed/shell.js';

const uuid = '8495db59-ee59-4938-bf3b-c78365a6940b';
const machine = (name: string, status: Status = 'off') => ({
  ...{ name, status, uuid, target: `x/${name}`, provider: 'x' },
});
const domain = (name: string, status: Status = 'off') => ({
  ...machine(name, status),
  scope: 'system' as const,
});

describe('a machine is started', () => {
  it.each([
    [lima.start?.(machine('mint'), {}), 'limactl start mint'],
    [lima.start?.(machine('--all'), {}), 'limactl start -- --all'],
    [lima.start?.(machine('a b;id'), {}), "limactl start 'a b;id'"],
    [multipass.start?.(machine('-f'), {}), 'multipass start -- -f'],
    [podman.start?.(machine('mint'), {}), 'podman machine start mint'],
    [incus.start?.(machine('mint'), {}), 'incus start --project=default local:mint'],
    [
      incus.start?.({ ...machine('mint'), ...{ project: 'lab', client: 'lxc' } }, {}),
      'lxc start --project=lab local:mint',
    ],
    [startDomain(domain('mint')), 'virsh -c qemu:///system start mint'],
    [startDomain(domain('mint', 'saved')), 'virsh -c qemu:///system start mint'],
    [startDomain(domain('mint', 'paused')), 'virsh -c qemu:///system resume mint'],
    [startDomain(domain('7')), `virsh -c qemu:///system start ${uuid}`],
    [startDomain(domain('-x')), `virsh -c qemu:///system start ${uuid}`],
    [startDomain({ ...domain('mint'), scope: 'user' }), 'virsh -c qemu:///session start mint'],
  ])('by $1', async (start, line) => {
    const { command } = (await start) as StartCommand;
    expect(shellLine(command, 'posix')).toBe(line);
  });

  it.each([
    { name: 'Mint 22', status: 'off' as const, verb: 'Start-VM', hvc: ', or hvc start "Mint 22"' },
    { name: '?', status: 'off' as const, verb: 'Start-VM', hvc: '' },
    { name: 'a"b', status: 'saved' as const, verb: 'Start-VM', hvc: '' },
    { name: '-f', status: 'off' as const, verb: 'Start-VM', hvc: '' },
    { name: 'Mint', status: 'paused' as const, verb: 'Resume-VM', hvc: '' },
  ])(
    'on Hyper-V $name, which is $status, by $verb and its id, also as typed',
    ({ name, status, verb, hvc }) => {
      const id = parseGuid(uuid);
      const start = id && startHyperV({ name, status, uuid: id }, { SystemRoot: 'C:\\Windows' });
      const line = `Get-VM -Id ${uuid} | ${verb}`;
      expect(start).toMatchObject({ machine: name, typed: `${line} in PowerShell${hvc}` });
      expect(start?.command.at(-1)).toMatch(
        /UTF8.*; \$ErrorActionPreference = 'Stop'; Get-VM -Id \S+ \| \S+$/,
      );
      expect(start?.command.at(-1)?.endsWith(line)).toBe(true);
    },
  );
});
