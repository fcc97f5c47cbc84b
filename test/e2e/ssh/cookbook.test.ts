import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { startKitchen } from './cookbook.js';

const tools = { ssh: 'openssh-client', sshd: 'openssh-server', git: 'git', rsync: 'rsync' };
const missing = missingPrograms(tools);

/** The code blocks of the cookbook are what runs here: only names, paths and ports are replaced. */
describe.skipIf(missing)('docs/reference/cookbook.md', () => {
  const dir = useTempDir();
  let kitchen: Awaited<ReturnType<typeof startKitchen>>;
  const lines = (heading: string) => kitchen.recipe(heading).join('').trim().split('\n');

  beforeAll(async () => {
    kitchen = await startKitchen(dir);
  });
  afterAll(() => kitchen?.stop());

  it('goes through a machine to a host', async () => {
    const { recipe, configure, shell } = kitchen;
    const [jump] = lines('Jump hosts');
    expect(await shell(`${jump} echo there`)).toMatch(/^there\n/);
    configure(...recipe('Jump hosts', 'ssh-config'));
    for (const name of ['db', 'tower-mint-t9'])
      expect(await shell(`ssh ${name} echo there`)).toMatch(/^there\n/);
  });

  it('holds a connection, and forwards ports by it', async () => {
    const { recipe, configure, shell, local } = kitchen;
    configure(...recipe('One connection for many logins', 'ssh-config'));
    const [check = '', exit = ''] = lines('One connection for many logins');
    const [, , forward = '', cancel = ''] = lines('Ports, with `ssh -L`');
    await expect(shell(check)).rejects.toThrow('code 255');
    await shell('ssh mint-t9 true >/dev/null 2>&1 </dev/null');
    expect(await shell(check)).toContain('Master running');
    await shell(forward);
    expect(await text(connect(local, '127.0.0.1'))).toBe('from there');
    await shell(cancel);
    await expect(text(connect(local, '127.0.0.1'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await shell(exit);
    await expect(shell(check)).rejects.toThrow('code 255');
  });

  it('forwards a port and a socket', async () => {
    const { configure, whileRuns, home, local } = kitchen;
    configure();
    const [port = '', socket = ''] = lines('Ports, with `ssh -L`');
    await whileRuns(port, async () => {
      expect(await text(connect(local, '127.0.0.1'))).toBe('from there');
    });
    await whileRuns(socket, async () => {
      const banner = connect(join(home, 'db.sock'));
      banner.end();
      expect(await text(banner)).toMatch(/^SSH-2\.0-/);
    });
  });

  it('clones by git', async () => {
    const { recipe, shell, home } = kitchen;
    const origin = `${dir}/srv/git/project.git`;
    await shell(`git init -q --bare ${dir}/src/project.git; git init -q --bare ${origin}`);
    await shell(recipe('git').join(''));
    expect(existsSync(join(home, 'project/.git'))).toBe(true);
    expect(readFileSync(join(home, 'site/.git/config'), 'utf8')).toContain(`url = mint-t9:${origin}`);
  });

  it('copies by rsync', async () => {
    const { recipe, shell, home } = kitchen;
    for (const folder of [`${home}/site`, `${dir}/srv`, `${dir}/var/log`])
      mkdirSync(folder, { recursive: true });
    writeFileSync(`${home}/site/index`, 'site');
    writeFileSync(`${dir}/var/log/boot`, 'log');
    await shell(recipe('rsync').join(''));
    expect(readFileSync(`${dir}/srv/site/index`, 'utf8')).toBe('site');
    expect(readFileSync(`${home}/log/boot`, 'utf8')).toBe('log');
  });
});
