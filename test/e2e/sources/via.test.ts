import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';
import { giveVmssh, needed, useHypervisors } from '../via/hypervisors.js';

/** A user's source "mine" that prints these machines, and leaves a mark. */
function source(home: string, machines: readonly object[], mark: string): void {
  mkdirSync(join(home, '.config/vmssh'), { recursive: true });
  const program = join(home, 'machines');
  script(program, `: > ${mark}\necho '${JSON.stringify({ version: 1, machines })}'`);
  const sources = { mine: { command: [program] } };
  writeFileSync(join(home, '.config/vmssh/sources.json'), JSON.stringify({ version: 1, sources }));
}

describe.skipIf(missingPrograms(needed))('a source of a hypervisor', () => {
  const bed = useHypervisors({ hv1: { programs: { cat: '/bin/cat' } } });
  const { dir } = bed;
  const [home, ranHere] = [join(dir, 'own'), join(dir, 'ran-here')];
  const env = { ...bed.env, HOME: home, XDG_CONFIG_HOME: '', XDG_RUNTIME_DIR: join(dir, 'none') };
  const ours = (...args: string[]) => run([...vmssh, ...args], { env });
  beforeAll(() => {
    const there = bed.hosts.hv1?.home ?? '';
    giveVmssh(bed, there);
    const web = { name: 'web', status: 'running', address: `unix${bed.guest.path}` };
    source(there, [web], join(dir, 'ran-there'));
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    // This host's own source of that name has another machine.
    source(home, [{ ...web, address: 'unix/no/such' }], ranHere);
  });

  it('has machines behind it by its own file, and this host’s file has no say', async () => {
    expect(await ours('nc', '--banner', 'via/hv1/mine/web')).toMatchObject(printing(0, /^SSH-2/));
    expect(await ours('nc', '--banner', 'via%hv1%mine%web')).toMatchObject({ code: 0 });
    expect((await ours('nc', '--banner', 'via/hv1/lab/web')).stderr).toMatch(/hv1.*lab\/web|lab\/web/s);
    expect(existsSync(ranHere)).toBe(false);
  });

  it('is listed with the hypervisor, and has Hosts of its own', async () => {
    const { stdout } = await ours('list', '--via', 'hv1');
    expect(stdout).toContain('running\tweb\tvia/hv1/mine/web\tmine\thv1\n');
    expect(await ours('config', 'install', '--no-fresh', '--via', 'hv1')).toMatchObject({ code: 0 });
    const text = readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8');
    expect(text).toMatch(/^Host web\.hv1 /m);
    expect(text).toMatch(/ via\/hv1\/mine\/web %p$/m);
    rmSync(ranHere, { force: true });
    const more = [
      '-i',
      join(dir, 'id'),
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=accept-new',
    ];
    for (const host of ['web.hv1', 'via/hv1/mine/web', 'via%hv1%mine%web'])
      expect(
        await run(['ssh', '-F', join(home, '.ssh/vmssh.conf'), ...more, host, 'echo in'], { env }),
        host,
      ).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(existsSync(ranHere)).toBe(false);
  });

  it('lists what a hypervisor may not decide: a program, a key, a user that is an option', async () => {
    const row = {
      ...{
        name: 'db',
        target: 'mine/db',
        status: 'running',
        provider: 'mine',
        also: ['mine/web', 'machine/mint'],
      },
      ...{
        user: '-oProxyCommand=touch x',
        identityFile: `${home}/.ssh/id_ed25519`,
      },
      routes: [{ route: 'exec', command: ['/usr/bin/touch', ranHere] }],
    };
    const odd = ['mine/../x', 'mine/a\u001bb', 'mine/', '/x', '-x/y', 'mine/a/b'].map((target) => ({
      ...row,
      target,
    }));
    const answer = (...machines: readonly object[]) =>
      writeFileSync(join(dir, 'answer'), JSON.stringify({ version: 1, machines }));
    script(join(dir, 'vmssh-there'), `exec /bin/cat ${join(dir, 'answer')}`);
    answer(row, ...odd);
    const listed = await ours('list', '--json', '--via', 'hv1');
    const behind = JSON.parse(listed.stdout).machines.filter((each: { via?: string }) => each.via === 'hv1');
    expect(behind).toHaveLength(1);
    expect(behind[0]).toMatchObject({
      target: 'via/hv1/mine/db',
      also: ['via/hv1/mine/web', 'via/hv1/machine/mint'],
    });
    expect(behind[0]).not.toHaveProperty('identityFile');
    expect(JSON.stringify(behind[0].routes ?? [])).not.toContain('touch');
    answer({ ...row, user: undefined }, { ...row, name: 'odd', target: 'mine/odd', also: [] });
    expect(await ours('config', 'install', '--no-fresh', '--via', 'hv1')).toMatchObject({ code: 0 });
    const text = readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8');
    expect(text).toMatch(/^Host db\.hv1 /m);
    expect(text).not.toMatch(/touch|IdentityFile|oProxyCommand/);
  });
});
