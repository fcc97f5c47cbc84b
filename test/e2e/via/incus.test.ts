import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeContainer } from '../../connect/exec/container.js';
import { missingAddon } from '../../helpers/addon.js';
import { ends, saying } from '../../helpers/expected.js';
import { findProgram, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useIncus } from '../../helpers/sockets/peers.js';
import { script } from '../../helpers/temp-dir.js';
import { giveVmssh, needed, useHypervisors } from './hypervisors.js';

/** As Incus lists them; on the hypervisor the machine is what its incus starts. */
const instances = [
  { name: 'web', type: 'container', status: 'Running', location: 'none', config: {} },
  {
    name: 'vm',
    type: 'virtual-machine',
    status: 'Running',
    location: 'none',
    config: { 'volatile.vsock_id': '77' },
  },
  { name: 'old', type: 'container', status: 'Stopped', location: 'none', config: {} },
];

describe.skipIf(missingPrograms(needed))('incus/REMOTE:NAME', () => {
  const there: Record<string, string> = {};
  const programs: Record<string, string> = {};
  const bed = useHypervisors({ hv1: { env: there, programs } });
  const { dir } = bed;
  programs.incus = join(makeContainer(dir, { program: 'incus', keys: dir }).bin, 'incus');
  for (const name of ['head', 'sed']) programs[name] = findProgram(name) ?? name;
  there.INCUS_SOCKET = useIncus(dir, instances);
  const env = { ...bed.env, PATH: `${join(dir, 'tools')}:${process.env.PATH}` };

  beforeAll(() => {
    giveVmssh(bed, bed.hosts.hv1?.home);
    mkdirSync(join(dir, 'tools'));
    const remotes = { hv1: { Addr: 'https://192.0.2.1:8443', Protocol: 'incus', Public: false } };
    writeFileSync(join(dir, 'remotes'), JSON.stringify(remotes));
    writeFileSync(join(dir, 'list'), JSON.stringify(instances));
    script(
      join(dir, 'tools/incus'),
      `case "$*" in 'remote list --format json') cat '${dir}/remotes' ;; 'list --format json -- hv1:') cat '${dir}/list' ;; *) exit 1 ;; esac`,
    );
  });

  it.skipIf(missingAddon())('is logged in to by ssh', async () => {
    const own = ['-o', `UserKnownHostsFile=${dir}/known`];
    expect(
      await run([...bed.guest.ssh('fdpass'), ...own, 'incus/hv1:web', 'echo hello'], { env }),
    ).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it.skipIf(missingAddon())('is taken by scp', async () => {
    const scp = ['scp', '-q', '-F', bed.guest.config('fdpass')];
    const own = ['-o', `UserKnownHostsFile=${dir}/known`];
    await ends(0, run([...scp, ...own, `incus%hv1%web:${dir}/list`, join(dir, 'copied')], { env }));
  });

  it('of a VM needs any tool there, as its CID is known', async () => {
    const { stdout } = await run([...vmssh, 'check', '--until=resolved', 'incus/hv1:vm'], { env });
    expect(stdout).toContain('vsock/77');
    expect(stdout).toContain('socat');
  });

  it.each([
    ['incus/hv1:old', /"hv1:old" is off\n.*incus start --project=default hv1:old\n/],
    ['incus/hv1:wep', /no machine "hv1:wep".*\n.*did you mean "hv1:web"/],
    ['incus/hv2:web', /no remote "hv2", but "hv1"\n.*incus remote add hv2/],
  ])('%s says what is wrong, and the fix', async (typed, problem) => {
    expect(await run([...vmssh, 'nc', '--pipe', typed], { env })).toMatchObject(saying(4, problem));
  });
});
