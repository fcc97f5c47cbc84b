import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, vmssh } from '../../helpers/run.js';

import { missing, user, useSetup } from './machines.js';

describe.skipIf(missing)(`vmssh setup${missing ? `: ${missing}` : ''}`, () => {
  const { dir, home, root, env, setup, trees, changesNothing } = useSetup();

  it.each([
    [['--dry-run', 'incus/off'], 1, /✗ way +it is off\n +fix: incus start --project=default local:off\n/],
    [['--dry-run', "incus/o'x;id"], 1, /fix: incus start --project=default 'local:o'\\''x;id'\n/],
    [['--dry-run', 'incus/hers'], 1, /incus starts no program as root in "hers" for this user/],
    [['--dry-run', 'vsock/4242'], 1, /no manager lists "vsock\/4242"/],
    [['--dry-run', 'incus/none'], 4, /no instance "none"|no machine/],
    [['--dry-run', '--user', 'nobody-here', 'incus/web'], 1, /✗ account +there is no account nobody-here/],
    [['--key', '/none.pub', 'incus/web'], 2, /the key file "\/none.pub" cannot be read/],
    [['incus/web'], 2, /nobody can be asked here, so nothing was changed\nhint: do it with --yes\n/],
    [[], 2, /no machine was named/],
  ])('changes nothing: $0', (args, code, says) => changesNothing(says, args, code));

  it('takes a private key whose .pub file is gone, as ssh does', async () => {
    const [file, away] = [join(home, '.ssh/id_ed25519.pub'), join(dir, 'away.pub')];
    renameSync(file, away);
    const { code, stdout } = await setup('--dry-run', 'incus/web');
    renameSync(away, file);
    expect(stdout).toMatch(
      /\+ key .*\n(?:.*\n)*.*\+ config .* IdentityFile .*\/id_ed25519; in \S+vmssh\.conf, \S+config\n/,
    );
    expect(code).toBe(1);
  });

  it('puts no key beside a certificate that logs in, also where the site reads no file of keys', async () => {
    const [ca, own, config] = [join(dir, 'ca'), join(home, '.ssh/id_ed25519'), join(root, 'sshd_config')];
    const [before, start] = [readFileSync(config, 'utf8'), trees()];
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca]);
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'me', '-n', user, '-V', '+1h', `${own}.pub`]);
    const site = before.replace(/^AuthorizedKeysFile .*/m, 'AuthorizedKeysFile none');
    writeFileSync(config, `TrustedUserCAKeys ${ca}.pub\n${site}`);
    execFileSync('ssh-keygen', ['-A', '-f', root]);
    const { code, stdout } = await setup('--yes', '--user', user, 'incus/web');
    const print = execFileSync('ssh-keygen', ['-lf', `${ca}.pub`], { encoding: 'utf8' }).split(' ')[1];
    expect(stdout).toContain(
      `✓ key            a certificate of CA ${print} logs in as ${user} already: no key`,
    );
    expect(stdout).toContain(
      `✓ login          ssh web is ${user}, by a certificate of CA ${print}; its host key is`,
    );
    expect(code).toBe(0);
    expect(existsSync(join(root, 'home/.ssh'))).toBe(false);
    await changesNothing(/✗ key .*from no file/, ['--user', user, '--key', `${own}.pub`, 'incus/web']);
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'me', '-n', user, '-V', '-2h:-1h', `${own}.pub`]);
    const expired = /✗ key +your certificate ~\S+id_ed25519 has expired \(.*\n +fix: get a new one .*/;
    await changesNothing(expired, ['--yes', '--user', user, 'incus/web']);
    const help = await run([...vmssh, 'setup', '--yes', '--user', user, 'incus/web'], { env });
    expect(help.stdout).toContain(` setup --key ${own}.pub incus/web\n`);
    writeFileSync(config, before);
    rmSync(`${own}-cert.pub`);
    for (const name of readdirSync(join(root, 'etc/ssh'))) rmSync(join(root, 'etc/ssh', name));
    await setup('--yes', '--undo', 'incus/web');
    // Any login keeps what the manager vouches for.
    rmSync(join(home, '.ssh/vmssh_known_hosts'));
    expect(trees()).toEqual(start);
  });

  it('shows a person what will change, then what was done, and what to type', async () => {
    const short = async (...args: readonly string[]) => {
      const { stdout, stderr } = await run([...vmssh, 'setup', ...args], { env });
      return `${stdout}${stderr}`;
    };
    const lines = async (...args: readonly string[]) =>
      (await short(...args)).replaceAll(dir, '').split('\n').slice(0, -1);
    const plan = [
      'Set up ssh web  (incus, login as root)',
      '  + host keys  there is none: /root/etc/ssh/ssh_host_ed25519_key is made',
      '  + your key   ~/.ssh/id_ed25519.pub → incus/web:/home/.ssh/authorized_keys',
      '  + host key   read inside incus/web and saved here',
      '  + ssh entry  web in ~/.ssh/vmssh.conf, ~/.ssh/config',
      '  Details: -v     To take it back: --undo',
    ];
    expect(await lines('--dry-run', 'incus/web')).toEqual([
      ...plan,
      'Dry run: nothing was changed. To do it: leave out --dry-run',
    ]);
    expect(await lines('--yes', 'incus/web')).toEqual([
      ...plan,
      '✓ host keys  /root/etc/ssh/ssh_host_ed25519_key made',
      '✓ Added your key for root in incus/web',
      '✓ Wrote ~/.ssh/vmssh.conf, ~/.ssh/config',
      '✓ Saved the host key of incus/web',
      ...['', 'Ready: ssh web'],
    ]);
    expect(await lines('--yes', 'incus/web')).toEqual([
      '✓ web is set up: ssh web logs in as root. Nothing to change',
    ]);
    expect(await lines('--yes', '--undo', 'incus/web')).toEqual(
      expect.arrayContaining([
        'Undo the setup of incus/web',
        '  - host key   the saved one of incus/web',
        '✓ host keys  /root/etc/ssh/ssh_host_ed25519_key removed',
      ]),
    );
    expect(await lines('--undo', 'incus/web')).toEqual([
      '✓ Nothing to undo: vmssh has set up nothing in incus/web',
    ]);
    expect(await lines('incus/off')).toEqual([
      '✗ incus/off is off',
      '  fix: incus start --project=default local:off',
      'Nothing was changed',
    ]);
  });

  describe.each(['incus/web', 'box/lab'])('%s, one after the other', (target) => {
    const name = target.replace(/.*\//, '');
    let start: ReturnType<typeof trees> | undefined;
    const steps = (text: string) =>
      [...text.matchAll(/^ {2}(.) (\S+)/gm)].map(([, mark, step]) => `${mark} ${step}`);

    it('shows its plan, and changes nothing', async () => {
      start = trees();
      const plan = await setup('--dry-run', target);
      expect(plan).toMatchObject({ code: 1, stderr: '' });
      expect(plan.stdout).toMatch(/✓ account +\S+: --user names another\n/);
      expect(steps(plan.stdout)).toEqual([
        ...['✓ way', '✓ inside', '✓ account', '+ host-keys', '+ key', '✓ sshd', '+ host-key', '+ config'],
      ]);
      expect(trees()).toEqual(start);
    });

    it('does it, and ssh logs in under StrictHostKeyChecking yes', async () => {
      const done = await setup('--yes', target);
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(done.stdout).toMatch(
        new RegExp(
          `✓ login +ssh ${name} is ${user}, by ${home}/.ssh/id_ed25519.pub \\(SHA256:.*; its host key is ssh-ed25519 SHA256:`,
        ),
      );
      expect(readFileSync(join(root, 'home/.ssh/authorized_keys'), 'utf8')).toBe(
        readFileSync(join(home, '.ssh/id_ed25519.pub'), 'utf8'),
      );
      const own = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'];
      const ssh = ['ssh', '-F', join(home, '.ssh/config'), ...own, name, 'exit 7'];
      expect(await run(ssh, { env })).toMatchObject({ code: 7, stderr: '' });
    });

    it('does nothing if it is ready', async () => {
      const after = trees();
      const { code, stdout, stderr } = await setup('--json', target);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { machines, ...rest } = JSON.parse(stdout);
      expect(rest).toEqual({ version: 1, command: 'setup', ok: true, exitCode: 0 });
      expect(machines).toMatchObject([{ target: target, host: name, user }]);
      expect(machines[0].steps.map(({ state }: { state: string }) => state)).toEqual(Array(8).fill('ok'));
      expect(trees()).toEqual(after);
    });

    it('is looked at as a machine whose manager starts sshd: nothing has to listen there', async () => {
      const { stdout } = await run([...vmssh, 'guest', 'check', '-v', '--by', 'exec', `${user}@${target}`], {
        env,
      });
      expect(steps(stdout).slice(0, 4)).toEqual(['✓ sshd', '✓ host-keys', '✓ name', expect.any(String)]);
    });

    it('shows what it would take back, and takes nothing back', async () => {
      const after = trees();
      const { code, stdout } = await setup('--undo', '--dry-run', target);
      expect(steps(stdout)).toEqual(['+ undo', '+ undo', '+ host-keys', '+ host-key', '+ config']);
      expect(stdout).toMatch(/\+ undo +\S+authorized_keys \(added\) is taken back\n/);
      expect(code).toBe(1);
      expect(await setup('--undo', target)).toMatchObject({ code: 2, stdout });
      expect(trees()).toEqual(after);
    });

    it('takes it back byte for byte', async () => {
      expect(await setup('--undo', '--yes', target)).toMatchObject({ code: 0, stderr: '' });
      expect(trees()).toEqual(start);
      expect(existsSync(join(dir, 'state/vmssh/hosts.json'))).toBe(false);
    });
  });
});
