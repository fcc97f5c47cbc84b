import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { windowsText } from '../../src/process/run-program.js';
import { parsePodman } from '../../src/sources/containers/podman.js';
import { parseServices } from '../../src/sources/hyper-v/services.js';
import { parseInstances } from '../../src/sources/managers/incus.js';
import { parseLima } from '../../src/sources/managers/lima.js';
import { parseMultipass } from '../../src/sources/managers/multipass.js';
import { DiscoveryError } from '../../src/sources/source.js';
import { parseVmInfo } from '../../src/sources/vmm/cloud-hypervisor.js';
import { parseCrosvmArgs } from '../../src/sources/vmm/crosvm.js';
import { vsockOf } from '../../src/sources/vmm/firecracker.js';
import { parseQemuArgs } from '../../src/sources/vmm/qemu.js';
import { parseVhostDevice } from '../../src/sources/vmm/vhost-device.js';
import { parseVerbose, parseVmId } from '../../src/sources/wsl/wsl.js';
import { anyText, expectOr, property, textOf } from './property.js';

describe('a command line', () => {
  const value = anyText().filter((text) => !text.startsWith('{'));
  const doubled = (text: string) => text.replaceAll(',', ',,');
  const cid = fc.integer({ min: 3, max: 0xfffffffe });

  property('of QEMU has its values', fc.tuple(value, fc.uuid(), cid, value), ([name, uuid, cid, path]) => {
    // No argument of a program has a NUL.
    fc.pre(name !== '' && path !== '' && !`${name}${path}`.includes('\0'));
    const argv = ['qemu-system-x86_64', '-name', `guest=${doubled(name)},debug-threads=on`, '-uuid', uuid];
    const kernels = [...argv, '-device', `vhost-vsock-pci,id=v,guest-cid=0x${cid.toString(16)}`];
    expect(parseQemuArgs(kernels)).toMatchObject({ name, uuid, cid });
    const users = [
      ...[...argv, '-chardev', `socket,id=c,path=${doubled(path)}`, '-device'],
      'vhost-user-vsock-pci,chardev=c',
    ];
    expect(parseQemuArgs(users)).toMatchObject({ name, vhostUserSocket: path });
  });

  const option = fc.constantFrom(
    ...['-name', '-device', '-smbios', '-netdev', '-chardev', '--vm', '--cid', '--vsock', '-s'],
    ...['--socket=', '--uds-path', 'vhost-vsock-pci,guest-cid=', 'user,hostfwd=tcp::2222-:22'],
    ...['type=1,uuid=', '{"driver":"vhost-vsock-pci"}', '{"a":'],
    ...['constructor', '__proto__=1', 'guest-cid=4,uds-path=/x', 'cid=0x10'],
  );
  property('of any program is read without failing', fc.array(fc.oneof(option, anyText())), (argv) => {
    for (const cid of [
      parseQemuArgs(argv).cid,
      parseCrosvmArgs(argv).cid,
      ...parseVhostDevice({ argv }).map((machine) => machine.cid),
    ])
      expect(cid === undefined || (Number.isInteger(cid) && cid >= 3 && cid < 0xffffffff)).toBe(true);
  });
});

describe('what a tool printed', () => {
  const fields = [
    ...['name', 'Name', 'status', 'state', 'dir', 'sshLocalPort', 'config', 'vsock', 'uds_path', 'guest_cid'],
    ...['cid', 'socket', 'platform', 'uuid', 'list', 'info', 'ipv4', 'Port', 'expanded_config'],
    ...['constructor'],
  ];
  const { any } = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.constantFrom(null, true, 0, -1, 3, 2 ** 40, 1e300, ''), anyText()),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...fields), tie('any'), { maxKeys: 8 }),
    ),
  }));

  property(
    'is a list of machines, or refused',
    any,
    (value) => {
      const text = JSON.stringify(value);
      for (const parse of [parseLima, parseMultipass, parsePodman])
        expectOr(() => parse(text), DiscoveryError);
      for (const { name } of expectOr(() => parseInstances(value), DiscoveryError) ?? [])
        expect(name).not.toBe('');
      for (const { cid } of [parseVmInfo(value), vsockOf(value) ?? {}])
        expect(cid === undefined || (Number.isInteger(cid) && cid >= 3 && cid < 0xffffffff)).toBe(true);
    },
    600,
  );

  property('on Windows, too', fc.tuple(anyText(), textOf('ab-* 2\t', 0, 30)), ([text, row]) => {
    expect(windowsText(Buffer.from(`\ufeff${row}`, 'utf16le'))).toBe(row);
    expect(windowsText(Buffer.from(row))).toBe(row);
    for (const name of parseVerbose(`${row}\n${text}`)) expect(name).toBe(name.trim());
    expect(parseServices(text).every(({ id }) => /^[0-9a-f-]{36}$/.test(id))).toBe(true);
    expect(parseVmId(`wslhost.exe --vm-id ${text}`) ?? '').toMatch(/^([0-9a-f-]{36})?$/);
  });
});
