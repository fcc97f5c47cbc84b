import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { freePort } from '../../helpers/sockets/servers.js';
import { needed, useHypervisors } from './hypervisors.js';

describe.skipIf(missingAddon() ?? missingPrograms(needed))('a hypervisor behind a bastion', () => {
  const bed = useHypervisors({ bastion: {}, hv1: {} });
  const behind = 'Host hv1\n    ProxyJump bastion\n';
  const refused = 'Host bastion\n    User nobody-has-this-name\n    BatchMode yes\n';

  it.each([
    { command: 'list', args: ['list', '--via', 'hv1', '--json'] },
    { command: 'a login', args: ['nc', '--banner', '--timeout=8', 'via/hv1/vsock/9'] },
  ])('that refuses is asked once, and its own ssh says why: $command', async ({ args }) => {
    bed.configure(behind + refused);
    const before = bed.hosts.bastion?.count() ?? 0;
    const { stdout, stderr } = await run([...vmssh, ...args], { env: bed.env });
    expect((bed.hosts.bastion?.count() ?? 0) - before).toBe(1);
    expect(stdout + stderr).toMatch(/Permission denied/);
    expect(stdout + stderr).not.toMatch(/MaxStartups/);
  });

  it('that is down is named with the words of ssh', async () => {
    bed.configure(behind, { bastion: await freePort() });
    const { stdout } = await run([...vmssh, 'list', '--via', 'hv1', '--json'], { env: bed.env });
    expect(stdout).toMatch(/ssh: connect to host 127\.0\.0\.1 port \d+: Connection refused/);
  });

  it('that lets through is passed', async () => {
    bed.configure(behind);
    const { stdout } = await run([...vmssh, 'list', '--via', 'hv1', '--json'], { env: bed.env });
    expect(stdout).toMatch(/it has no vmssh/);
  });
});
