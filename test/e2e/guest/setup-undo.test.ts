import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { run, vmssh } from '../../helpers/run.js';
import { treeOf } from '../../helpers/temp-dir.js';

import { dmi, missing, user, useSetup, uuid } from './machines.js';

describe.skipIf(missing)(`vmssh setup, taken back or run again${missing ? `: ${missing}` : ''}`, () => {
  const { dir, home, root, env, setup, trees, changesNothing } = useSetup();

  const pid = ['sh', '-c', `echo $$ >'${dir}/pid'; exec "$@"`, 'sh'];
  it('takes back the pin of the host key, too, if it was killed after that', async () => {
    const before = trees();
    writeFileSync(join(dir, 'kill-pinned'), '');
    const { signal } = await run([...pid, ...vmssh, 'setup', '--yes', 'incus/web'], { env });
    rmSync(join(dir, 'kill-pinned'));
    expect(signal).toBe('SIGKILL');
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0, stderr: '' });
    expect(trees()).toEqual(before);
  });

  it('forgets the host key that it made, also after vmssh config uninstall', async () => {
    const before = trees();
    expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(await run([...vmssh, 'config', 'uninstall'], { env })).toMatchObject({ code: 0 });
    const { stdout } = await setup('--undo', '--yes', 'incus/web');
    expect(stdout).toMatch(/\+ host-keys +\S+ed25519_key removed\n[\s\S]*\+ host-key +it is forgotten\n/);
    expect(trees()).toEqual(before);
  });

  it('makes no host key for a machine that is known by another one', async () => {
    const pins = join(home, '.ssh/vmssh_known_hosts');
    const other = readFileSync(join(home, '.ssh/id_ed25519.pub'), 'utf8');
    writeFileSync(pins, `vmssh-${uuid} ${other}`, { mode: 0o600 });
    const says =
      /✗ host-key +it has none, and another is known: SHA256:\S+\n +fix: .*forget incus\/web\n[\s\S]*\nNothing was changed\. Leave out incus\/web, incus\/off\n$/;
    await changesNothing(says, ['--yes', 'incus/web', 'incus/off']).finally(() => rmSync(pins));
  });

  it('takes back what is here of a machine that is gone, and nothing if its manager does not answer', async () => {
    const before = treeOf(home);
    expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0 });
    const [gone, stopped] = [join(dir, 'gone-web'), join(dir, 'stopped')];
    for (const file of [gone, stopped]) writeFileSync(file, '');
    const refused = await setup('--undo', '--yes', 'web');
    rmSync(stopped);
    expect(refused).toMatchObject(printing(1, /✗ way +Incus does not answer: .*is it running\?/));
    expect(await setup('--undo', '--yes', 'web')).toMatchObject(
      printing(0, /– way +nothing lists it any more/),
    );
    rmSync(gone);
    expect(treeOf(home)).toEqual(before);
    expect(existsSync(join(dir, 'state/vmssh/hosts.json'))).toBe(false);
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(await setup('--undo', 'o%x')).toMatchObject({
      code: 4,
      stderr: expect.not.stringContaining('did you'),
    });
  });

  it('leaves the login of a machine that had its name before, and has another one now', async () => {
    const before = trees();
    expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0 });
    const path = join(dir, 'state/vmssh/hosts.json');
    const read = () => JSON.parse(readFileSync(path, 'utf8'));
    const { machines, ...rest } = read();
    const [web] = machines;
    const others = { uuid: uuid.replaceAll('2', '3') };
    const moved = { ...web, ...others, target: 'incus/old', login: { ...web.login, ...others } };
    const logins = () => read().machines.flatMap((each: typeof web) => (each.login ? [each.login] : []));
    delete web.login;
    delete moved.host;
    writeFileSync(path, JSON.stringify({ ...rest, machines: [web, moved] }));
    expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(logins()).toMatchObject([{ uuid }, others]);
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(logins()).toMatchObject([others]);
    expect(await run([...vmssh, 'config', 'uninstall'], { env })).toMatchObject({ code: 0 });
    expect(trees()).toEqual(before);
  });

  it('is interrupted by Ctrl-C while it looks for the machine', async () => {
    writeFileSync(join(dir, 'interrupt'), '');
    const end = await run([...pid, ...vmssh, 'setup', '--yes', 'incus/web'], { env });
    rmSync(join(dir, 'interrupt'));
    expect(end).toMatchObject({ code: 130, stderr: 'vmssh: interrupted\n' });
  });

  it('takes nothing back from a machine that it never set up, and does not ask', async () => {
    const { code, stdout } = await setup('--undo', 'incus/web');
    expect(stdout).toMatch(/✓ journal +vmssh has set up nothing here\n/);
    expect(code).toBe(0);
  });

  it('leaves the Host as it was where sshd refuses the key, and takes back what it did', async () => {
    const before = trees();
    const [file, revoked] = [join(root, 'sshd_config'), join(root, 'revoked')];
    const config = readFileSync(file, 'utf8');
    const refused = async () => {
      writeFileSync(file, `RevokedKeys ${revoked}\n${config}`);
      copyFileSync(join(home, '.ssh/id_ed25519.pub'), revoked);
      const end = await setup('--yes', 'incus/web');
      writeFileSync(file, config);
      rmSync(revoked);
      expect(end).toMatchObject(
        printing(1, /✗ login +ssh web: [\s\S]*\+ config +Host web is as it was before/),
      );
      return readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8');
    };
    const takenBack = async () => {
      expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0, stderr: '' });
      expect(trees()).toEqual(before);
    };
    expect(await refused()).not.toMatch(/User |IdentityFile /);
    await takenBack();
    expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(await refused()).toMatch(`User ${user}\n`);
    await takenBack();
  }, 300_000);

  it('takes back no pin of others, if it could pin nothing itself', async () => {
    const own = join(root, 'etc/ssh/ssh_host_ed25519_key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
    writeFileSync(join(dir, 'hide-files'), '');
    const done = await setup('--yes', 'incus/web');
    rmSync(join(dir, 'hide-files'));
    expect(done).toMatchObject(printing(1, /✗ host-key +its server shows/));
    expect(readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8')).not.toMatch(/User |IdentityFile /);
    const pins = join(home, '.ssh/vmssh_known_hosts');
    const pin = `vmssh-${uuid} ${readFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')}`;
    writeFileSync(pins, pin, { mode: 0o600 });
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(pins, 'utf8')).toBe(pin);
    for (const file of [pins, own, `${own}.pub`]) rmSync(file);
  });

  it('does the rest when it is run again, wherever it was killed, and takes all back', async () => {
    const before = trees();
    for (let at = 1, signal: unknown = 'SIGKILL'; signal === 'SIGKILL'; at++) {
      rmSync(join(dir, 'manager-calls'), { force: true });
      writeFileSync(join(dir, 'kill-at'), `${at}`);
      ({ signal } = await run([...pid, ...vmssh, 'setup', '--yes', 'incus/web'], { env }));
      rmSync(join(dir, 'kill-at'));
      if (signal === null) expect(at).toBeGreaterThan(5);
      expect(await setup('--yes', 'incus/web')).toMatchObject({ code: 0, stderr: '' });
      expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0, stderr: '' });
      expect(trees()).toEqual(before);
    }
  }, 300_000);

  it('leaves an authorized_keys that is no file, and says the fix', async () => {
    mkdirSync(join(root, 'home/.ssh/authorized_keys'), { recursive: true });
    const { code, stdout } = await setup('--yes', '--no-config', 'incus/web');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✗ key +\S+authorized_keys is a folder\n +fix: incus exec \S+ \S+ local:web -- \/bin\/sh -c 'mv /,
    );
    rmSync(join(root, 'home/.ssh'), { recursive: true });
  });

  it('does nothing for a machine of a source that is not the one that its row names', async () => {
    const other = '11111111-2222-4333-8444-555555555555';
    writeFileSync(join(root, dmi), `${other}\n`);
    const says =
      /✗ inside +another machine answers: its UUID is 11111111-\S+, not 22222222-.*; by a login instead: .*\n +fix: .*"dmiUuid"\n/;
    await changesNothing(says, ['--yes', 'box/lab']).finally(() =>
      writeFileSync(join(root, dmi), `${uuid}\n`),
    );
  });
});
