import { describe, expect, it } from 'vitest';
import type { StartCommand } from '../../src/errors.js';
import { podman } from '../../src/sources/containers/podman.js';
import { startHyperV } from '../../src/sources/hyper-v/hyper-v.js';
import { startDomain } from '../../src/sources/libvirt/provider.js';
import { incus } from '../../src/sources/managers/incus.js';
import { lima } from '../../src/sources/managers/lima.js';
import { multipass } from '../../src/sources/managers/multipass.js';
import type { Status } from '../../src/sources/provider.js';
import { parseGuid } from '../../src/target/guid.js';
import { shellLine } from '../../src/target/shell.js';

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
    { start: lima.start?.(machine('mint'), {}), line: 'limactl start mint' },
    { start: lima.start?.(machine('--all'), {}), line: 'limactl start -- --all' },
    { start: lima.start?.(machine('a b;id'), {}), line: "limactl start 'a b;id'" },
    { start: multipass.start?.(machine('-f'), {}), line: 'multipass start -- -f' },
    { start: podman.start?.(machine('mint'), {}), line: 'podman machine start mint' },
    { start: incus.start?.(machine('mint'), {}), line: 'incus start mint' },
    {
      start: incus.start?.({ ...machine('mint'), ...{ project: 'lab', client: 'lxc' } }, {}),
      line: 'lxc start --project=lab mint',
    },
    { start: startDomain(domain('mint')), line: 'virsh -c qemu:///system start mint' },
    { start: startDomain(domain('mint', 'saved')), line: 'virsh -c qemu:///system start mint' },
    { start: startDomain(domain('mint', 'paused')), line: 'virsh -c qemu:///system resume mint' },
    { start: startDomain(domain('7')), line: `virsh -c qemu:///system start ${uuid}` },
    { start: startDomain(domain('-x')), line: `virsh -c qemu:///system start ${uuid}` },
    {
      start: startDomain({ ...domain('mint'), scope: 'user' }),
      line: 'virsh -c qemu:///session start mint',
    },
  ])('by $line', async ({ start, line }) => {
    const { command } = (await start) as StartCommand;
    expect(shellLine(command, 'posix')).toBe(line);
  });

  it.each([
    { status: 'off' as const, verb: 'Start-VM', typed: 'Start-VM "Mint" in PowerShell, or hvc start "Mint"' },
    { status: 'paused' as const, verb: 'Resume-VM', typed: 'Resume-VM "Mint" in PowerShell' },
  ])('on Hyper-V by $verb and its id', ({ status, verb, typed }) => {
    const id = parseGuid(uuid);
    const start = id && startHyperV({ name: 'Mint', status, uuid: id }, { SystemRoot: 'C:\\Windows' });
    expect(start).toMatchObject({ machine: 'Mint', typed });
    expect(start?.command.at(-1)).toBe(`$ErrorActionPreference = 'Stop'; Get-VM -Id ${uuid} | ${verb}`);
  });
});
