import { describe, expect, it } from 'vitest';
import { boundUsers } from '../../../src/discovery/machined/bound-user.js';
import { parseMachine } from '../../../src/discovery/machined/machine.js';
import type { JsonObject } from '../../../src/discovery/tools/json.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fakeProc } from '../processes/fake-proc.js';

const dir = useTempDir();
const image = ['-M', 'web', '--image=web.raw'];

/** The login user of a machine that the first of these processes, pid 100, runs. */
async function userOf(argv: readonly string[], fields: JsonObject = {}, uid = 0) {
  const about = { name: 'web', service: 'systemd-vmspawn', supervisor: { pid: 100 }, leader: { pid: 101 } };
  const machine = parseMachine({ ...about, ...fields }, 'system');
  const qemu = ['qemu-system-x86_64', '--bind-user=eve'];
  const procDir = fakeProc(dir, [{ argv, uid }, { argv: qemu }]);
  return (await boundUsers([machine], { env: {}, platform: 'linux', procDir })).get(machine);
}

describe('the login user of a machine of systemd-vmspawn', () => {
  it.each<{ name: string; argv: readonly string[]; fields?: JsonObject }>([
    { name: 'by --bind-user=USER', argv: ['systemd-vmspawn', '--bind-user=ann', ...image] },
    { name: 'by --bind-user USER', argv: ['/usr/bin/systemd-vmspawn', ...image, '--bind-user', 'ann'] },
    {
      name: 'by the same one twice, beside options about the user',
      argv: ['systemd-vmspawn', '--bind-user=ann', '--bind-user-shell=yes', '--bind-user=ann', ...image],
    },
    {
      name: 'of a machined that has only the leader',
      argv: ['systemd-vmspawn', '--bind-user=ann', ...image],
      fields: { supervisor: null, leader: 100 },
    },
  ])('is known $name', async ({ argv, fields }) => {
    expect(await userOf(argv, fields)).toBe('ann');
  });

  it.each<{ name: string; argv: readonly string[]; fields?: JsonObject; uid?: number }>([
    { name: 'without the option', argv: ['systemd-vmspawn', ...image] },
    { name: 'with several users', argv: ['systemd-vmspawn', '--bind-user=ann', '--bind-user=bob'] },
    { name: 'if the option lacks a user', argv: ['systemd-vmspawn', '--bind-user'] },
    { name: 'in the words for the kernel', argv: ['systemd-vmspawn', ...image, '--', '--bind-user=ann'] },
    { name: 'that ssh refuses', argv: ['systemd-vmspawn', '--bind-user=-oProxyCommand=x'] },
    { name: 'of another program', argv: ['sh', 'systemd-vmspawn', '--bind-user=ann'] },
    { name: "of somebody else's process", argv: ['systemd-vmspawn', '--bind-user=ann'], uid: 4321 },
    {
      name: 'of a process that is gone',
      argv: ['systemd-vmspawn', '--bind-user=ann'],
      fields: { supervisor: { pid: 4000000 } },
    },
    {
      name: 'of another service',
      argv: ['systemd-vmspawn', '--bind-user=ann'],
      fields: { service: 'mkosi' },
    },
  ])('is not known $name', async ({ argv, fields, uid }) => {
    expect(await userOf(argv, fields, uid)).toBeUndefined();
  });
});
