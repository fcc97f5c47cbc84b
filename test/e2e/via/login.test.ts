import { beforeAll, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { ended } from '../../helpers/expected.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { giveVmssh, needed, useHypervisors } from './hypervisors.js';

/** One hop, by vmssh there; via.test.ts has the other tools. */
describe.skipIf(missingAddon() ?? missingPrograms(needed))('a machine of a hypervisor that has vmssh', () => {
  const bed = useHypervisors({ hv1: {} });
  beforeAll(() => giveVmssh(bed, bed.hosts.hv1?.home));

  it.each(['fdpass', 'relay'] as const)('is logged in to by ssh, by %s', async (mode) => {
    const ssh = [...bed.guest.ssh(mode), `via/hv1/unix${bed.guest.path}`];
    expect(await run([...ssh, 'cat; exit 7'], { env: bed.env, input: 'over one hop' })).toMatchObject(
      ended(7, 'over one hop'),
    );
  });

  it('is checked, and the step of its hypervisor is shown', async () => {
    const check = [...vmssh, 'check', '-v', '--via', 'hv1', `unix${bed.guest.path}`];
    const { stdout } = await run(check, { env: bed.env });
    expect(stdout).toContain('by vmssh on hv1');
  });
});
