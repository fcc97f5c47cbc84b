import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMachined } from '../../helpers/machined.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const id = '11111111222243338444555555555555';

/** As with a copied disk: its machine id is copied, too. */
describe.skipIf(lacks('ssh', 'sshd'))('two machines with one UUID', () => {
  it('are warned of, and each is known by its name, until it has a UUID of its own', async () => {
    const home = join(dir, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const names = ['web-u1', 'web-u2'] as const;
    const machines = await Promise.all(names.map((name) => machine(name)));
    const machined = await startMachined(machines);
    onTestFinished(() => machined.stop());
    const env = { ...process.env, HOME: home, ...machined.env };
    const program = (...args: string[]) => run([...vmssh, ...args], { env });
    const quick = ['-F', '/dev/null', '-o', 'BatchMode=yes', '-oStrictHostKeyChecking=accept-new'];
    const login = (name: string) => program('ssh', ...quick, name, 'exit 7');

    expect((await program('config', 'install')).stderr).toContain('have one UUID');
    expect(await login(names[0])).toMatchObject({ code: 7 });
    expect(await login(names[1])).toMatchObject({ code: 7 });
    for (const name of names) expect(await login(name)).toMatchObject({ code: 7, stderr: '' });
    const known = () => readFileSync(join(home, '.ssh/vmssh_known_hosts'), 'utf8').match(/^vmssh-\S+/gm);
    expect(known()).toEqual([`vmssh-11111111-2222-4333-8444-555555555555`, `vmssh-machine%${names[1]}`]);
    expect(await program('forget', names[1])).toMatchObject({ code: 0 });
    expect(await login(names[0])).toMatchObject({ code: 7, stderr: '' });
    const [, second] = machines;
    if (second) machines[1] = { ...second, id: id.replaceAll('1', '2') };
    for (let times = 0; times < 2; times++) expect(await login(names[1])).toMatchObject({ code: 7 });
    expect(known()?.[1]).toMatch(/^vmssh-2/);
  });
});

async function machine(name: string) {
  const folder = join(dir, name);
  mkdirSync(folder);
  const sshd = await startSshd(folder);
  onTestFinished(() => sshd.close());
  return {
    name,
    id,
    class: 'vm',
    service: 'x',
    sshAddress: `unix${sshd.path}`,
    sshPrivateKeyPath: join(folder, 'id'),
  };
}
