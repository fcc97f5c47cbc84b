import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMachined } from '../../helpers/machined.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = missingPrograms({
  ssh: 'openssh-client',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
});
const dir = useTempDir();
const id = '11111111222243338444555555555555';

/** As with a copied disk: its machine id is copied, too. */
describe.skipIf(missing)('two machines with one UUID', () => {
  it('each have a host key of their own, for vmssh ssh as for the Hosts of config install', async () => {
    const home = join(dir, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    const names = ['web-u1', 'web-u2'];
    const machines = await Promise.all(names.map((name) => machine(name)));
    const machined = await startMachined(machines);
    onTestFinished(() => machined.stop());
    const env = { ...process.env, HOME: home, ...machined.env };
    const program = (...args: string[]) => run([...vmssh, ...args], { env });
    const quick = ['-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'];
    const login = (name: string) => program('ssh', ...quick, name, 'exit 7');

    for (const name of [...names, `machine/${names[1]}`, ...names])
      expect({ name, ...(await login(name)) }).toMatchObject({ name, code: 7, stderr: '' });
    const known = readFileSync(join(home, '.ssh/vmssh_known_hosts'), 'utf8');
    expect(known.match(/^\S+/gm)).toEqual(names.map((name) => `vmssh-machine%${name}`));
    for (const name of names)
      expect(await program('check', '--until=authentication', name)).toMatchObject({ code: 0 });

    const { stderr } = await program('config', 'install');
    expect(stderr).toContain('have one UUID');
    const conf = join(home, '.ssh/vmssh.conf');
    for (const name of names) {
      const { stdout } = await run(['ssh', '-F', conf, '-G', name], { env });
      expect(stdout).toMatch(new RegExp(`^hostkeyalias vmssh-machine%${name}$`, 'm'));
    }
  });
});

/** A machine with an sshd of its own, and so a host key of its own. */
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
