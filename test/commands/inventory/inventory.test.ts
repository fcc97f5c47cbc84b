import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/command.js';
import { inventory, inventoryOf, refusedByAnsible } from '../../../src/commands/inventory/inventory.js';
import { concreteHosts } from '../../../src/hosts/hosts.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { useJsonServices } from '../../sources/managers/json-services.js';

const dir = useTempDir();
const serve = useJsonServices(dir);

it('names a HOME that no ssh_config can have, as vmssh ssh does', async () => {
  const metadata = [
    { name: 'mint', type: 'virtual-machine', status: 'Running', config: { 'volatile.vsock_id': '42' } },
  ];
  const INCUS_SOCKET = await serve('incus.sock', {
    '/1.0/instances?recursion=2&all-projects=true': JSON.stringify({ metadata }),
    '/1.0': JSON.stringify({ metadata: {} }),
  });
  const home = `${dir}/h`;
  const run = (HOME: string) => {
    const io = fakeIo({ env: { HOME, INCUS_SOCKET } });
    const options = { host: undefined, runningOnly: false, prefix: 'x-', via: undefined };
    return inventory.run(options, io).then(() => io.stdout.join(''));
  };
  // As bytes that are not UTF-8 come from Node, and in the executable.
  for (const other of ['\ufffd', '\udcff']) {
    const failed = run(home + other);
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(
      /bytes that are not UTF-8 cannot be written to an ssh_config: .*vmssh_known_hosts/,
    );
  }
  expect(await run(home)).toContain('"x-mint"');
});

const caller = { program: ['/opt/my tools/vmssh'], fdpass: true };
const off = { status: 'off', provider: 'hyper-v', also: [], user: 'ann' } as const;
const machine = (name: string) => ({ name, target: `qemu/${name}`, ...off });

function made(...names: readonly string[]) {
  const machines = names.map(machine);
  const naming = { prefix: '', taken: () => undefined, knownHosts: '/k', dots: true };
  const { hosts } = concreteHosts(machines, naming);
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
