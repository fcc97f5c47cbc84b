import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';
import { giveVmssh, needed, useHypervisors } from './hypervisors.js';

const programs = { ...needed, 'ssh-keygen': 'openssh-client' };

describe.skipIf(missingAddon() ?? missingPrograms(programs))('a hypervisor whose ssh asks something', () => {
  const bed = useHypervisors({ hv1: {}, bastion: {} });
  const asked = () =>
    existsSync(join(bed.dir, 'asked')) ? readFileSync(join(bed.dir, 'asked'), 'utf8') : '';
  const shared = () => readdirSync('/tmp').filter((name) => name.startsWith('vmssh-hops-'));
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    giveVmssh(bed, bed.hosts.hv1?.home);
    await run(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'secret', '-f', join(bed.dir, 'id')], {});
    const askpass = join(bed.dir, 'askpass');
    script(askpass, `echo asked >> ${join(bed.dir, 'asked')}; echo secret`);
    env = { ...bed.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
  });
  beforeEach(() => rmSync(join(bed.dir, 'asked'), { force: true }));

  it.each([
    { words: ['list', '--via', 'hv1'], ends: 0 },
    { words: ['check', '--via', 'hv1'], at: true, ends: 0 },
    { words: ['setup', '--dry-run', '--by', 'login'], at: true, ends: 1 },
  ])('is asked once by $words, whose connection to it ends with it', async ({ words, at, ends }) => {
    const before = shared();
    const target = words.includes('--via') ? `unix${bed.guest.path}` : `via/hv1/unix${bed.guest.path}`;
    const { stdout, stderr, code } = await run([...vmssh, ...words, ...(at ? [target] : [])], { env });
    expect({ stdout, stderr, code, asked: asked() }).toMatchObject({ code: ends, asked: 'asked\n' });
    expect(shared()).toEqual(before);
  });

  it('is asked once, and its ProxyJump once', async () => {
    bed.configure('Host hv1\n    ProxyJump bastion\n');
    const { stdout, stderr, code } = await run([...vmssh, 'list', '--via', 'hv1'], { env });
    expect({ stdout, stderr, code, asked: asked() }).toMatchObject({ code: 0, asked: 'asked\nasked\n' });
  });

  it.each([
    { sharing: 'is shared by ssh itself', persist: '5s', again: '' },
    { sharing: 'ends with its ssh', persist: 'no', again: 'asked\nasked\n' },
  ])('is asked once behind a ProxyJump where a connection $sharing', async ({ persist, again }) => {
    const sharing = `ControlMaster auto\nControlPath ${bed.dir}/cm-${persist}\nControlPersist ${persist}\n`;
    bed.configure(`Host hv1\n    ProxyJump bastion\n${sharing}`);
    for (const logins of ['asked\nasked\n', `asked\nasked\n${again}`]) {
      const { stdout, stderr, code } = await run([...vmssh, 'list', '--via', 'hv1'], { env });
      expect({ stdout, stderr, code, asked: asked() }).toMatchObject({ code: 0, asked: logins });
    }
  });

  it('is not asked where nobody can answer, and neither is its ProxyJump', async () => {
    const shared = `ControlMaster auto\nControlPath ${bed.dir}/cm\nControlPersist 5s\n`;
    bed.configure(`Host hv1\n    ProxyJump bastion,bastion\n${shared}`);
    const { SSH_ASKPASS, ...silent } = env;
    script(join(bed.dir, 'ssh-askpass'), `echo asked >> ${join(bed.dir, 'asked')}`);
    const { code, stdout } = await run([...vmssh, 'list', '--via', 'hv1', '--json'], { env: silent });
    expect({ code, stdout, asked: asked() }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Permission denied'),
      asked: '',
    });
  });
});
