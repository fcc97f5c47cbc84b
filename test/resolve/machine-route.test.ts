import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/discovery/machined/machine.js';
import { type MachineRoute, machineRoute } from '../../src/resolve/machine.js';

describe('reach', () => {
  it.each<{ name: string; input: Partial<Machine>; want: MachineRoute }>([
    {
      name: 'an nspawn container by its export, else by its CID',
      input: { class: 'container', service: 'systemd-nspawn', vsockCid: 3, sshAddress: 'x' },
      want: {
        via: 'export',
        name: 'a',
        otherwise: { via: 'vsock', endpoint: { family: 'vsock', cid: 3, port: 2222 } },
      },
    },
    {
      name: 'a virtual machine by its CID rather than its address',
      input: { class: 'vm', vsockCid: 42, sshAddress: '192.0.2.1' },
      want: { via: 'vsock', endpoint: { family: 'vsock', cid: 42, port: 2222 } },
    },
    {
      name: "another service's container by its CID",
      input: { class: 'container', service: 'kata', vsockCid: 0 },
      want: { via: 'vsock', endpoint: { family: 'vsock', cid: 0, port: 2222 } },
    },
    {
      name: 'a machine without a CID by its address, as registered',
      input: { class: 'vm', sshAddress: '[::1]:2222' },
      want: { via: 'sshAddress', address: '[::1]:2222' },
    },
    {
      name: 'nothing else, and says why',
      input: { class: 'container', service: 'libvirt-lxc' },
      want: {
        via: 'none',
        reason: 'machine "a" (class container of libvirt-lxc) has neither a vsock CID nor an SSH address',
      },
    },
    {
      name: 'nothing else, without a service',
      input: { class: 'vm' },
      want: { via: 'none', reason: 'machine "a" (class vm) has neither a vsock CID nor an SSH address' },
    },
  ])('reaches $name', ({ input, want }) => {
    expect(machineRoute({ name: 'a', class: 'vm', scope: 'system', ...input }, 2222)).toEqual(want);
  });
});
