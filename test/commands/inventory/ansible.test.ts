import { describe, expect, it } from 'vitest';
import { inventoryOf, refusedByAnsible } from '../../../src/commands/inventory/ansible.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';

const caller = { program: ['/opt/my tools/vmssh'], fdpass: true };
const machine = (name: string) => ({
  name,
  target: `qemu/${name}`,
  status: 'off' as const,
  provider: 'hyper-v',
  also: [],
  user: 'ann',
});

function made(...names: readonly string[]) {
  const machines = names.map(machine);
  const { hosts } = concreteHosts(machines, { prefix: '', taken: new Set(), knownHosts: '/k', dots: true });
  return inventoryOf(
    hosts.flatMap((host, at) => (machines[at] ? [{ machine: machines[at], host }] : [])),
    caller,
  );
}

describe('an inventory', () => {
  it('is valid when it is empty', () => {
    expect(made()).toEqual({ all: { children: ['ungrouped'] }, _meta: { hostvars: {} } });
  });

  it('has groups by names that Ansible takes, and how ssh reaches each machine', () => {
    const { _meta, ...groups } = made('db.example');
    expect(groups).toEqual({
      all: { children: ['ungrouped', 'provider_hyper_v', 'status_off', 'host_localhost'] },
      provider_hyper_v: { hosts: ['db.example'] },
      status_off: { hosts: ['db.example'] },
      host_localhost: { hosts: ['db.example'] },
    });
    const vars = _meta.hostvars['db.example'];
    expect(vars).toMatchObject({
      ansible_host: 'db.example',
      ansible_user: 'ann',
      vmssh_target: 'qemu/db.example',
    });
    expect(vars?.ansible_ssh_common_args).toMatch(/^-o '?ProxyCommand=.*my tools.*qemu\/db\.example/);
  });

  it.each(['{{ lookup("pipe", "id") }}', '{% x %}', '{# x'])('leaves out %j', (name) => {
    expect(refusedByAnsible(machine(name))).toMatch(/template/);
    expect(refusedByAnsible({ ...machine('web'), uuid: name })).toMatch(/template/);
    expect(refusedByAnsible({ ...machine('web'), provider: name })).toMatch(/template/);
    expect(refusedByAnsible(machine('web'))).toBeUndefined();
  });
});
