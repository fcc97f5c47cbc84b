import { execFileSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { findProgram, pathWithSsh } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script, treeOf } from '../../helpers/temp-dir.js';

import { dmi, missing, useMachines, user, uuid } from './machines.js';

describe.skipIf(missing)(`vmssh setup${missing ? `: ${missing}` : ''}`, () => {
  const { dir, home, root, env } = useMachines();
  const setup = (...args: readonly string[]) => run([...vmssh, 'setup', '-v', ...args], { env });
  const trees = () => [treeOf(root), treeOf(home)];
  /** It ends with these words, and changes nothing. */
  const changesNothing = async (says: RegExp, args: readonly string[], code = 1) => {
    const before = trees();
    const end = await setup(...args);
    expect(end.stdout + end.stderr).toMatch(says);
    expect(end.code).toBe(code);
    expect(trees()).toEqual(before);
  };

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
      '  + host key   saved here, as its manager reads it in incus/web',
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
      /✗ inside +another machine answers: its UUID is 11111111-\S+, not 22222222-.*\n +fix: .*"dmiUuid"; /;
    await changesNothing(says, ['--yes', 'box/lab']).finally(() =>
      writeFileSync(join(root, dmi), `${uuid}\n`),
    );
  });

  it.each([
    {
      lie: 'ok account -oProxyCommand=x\nend 0 done\n',
      says: /✗ account +it says that this is an account: "-oProxyCommand=x"\n +fix: .*setup --user NAME incus\/web\n/,
    },
    { lie: 'ok account root\n', says: /the script did not (?:run|end) there: / },
    {
      lie: 'failed key \x1b[2Jno\nfix key rm -rf /\nend 2 x\n',
      says: /✗ key +\\x1b\[2Jno\n +fix: incus exec .* -- \/bin\/sh -c 'rm -rf \/'\n/,
    },
  ])('does nothing for a machine that says $lie', async ({ lie, says }) => {
    writeFileSync(join(dir, 'lie'), lie);
    await changesNothing(says, ['--yes', 'incus/web']).finally(() => rmSync(join(dir, 'lie')));
  });

  it('does not try a key with a passphrase that nobody can be asked for, and takes an encrypted one without its .pub', async () => {
    const file = join(home, '.ssh/id_ed25519');
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file]);
    renameSync(`${file}.pub`, join(dir, 'away.pub'));
    const done = await setup('--yes', '--no-config', 'incus/web');
    renameSync(join(dir, 'away.pub'), `${file}.pub`);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret', '-N', '', '-f', file]);
    expect(done.stdout).toMatch(/– login +not tried: your key \S+id_ed25519 \(SHA256:.* has a passphrase/);
    expect(done.code).toBe(0);
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0 });
  });

  it("says ssh's own words if it does not read its configuration", async () => {
    const config = join(home, '.ssh/config');
    writeFileSync(config, 'Hots web\n');
    const broken = { ...env, PATH: pathWithSsh(join(dir, 'first'), config, env.PATH) };
    const { code, stdout } = await run([...vmssh, 'setup', '-v', '--yes', 'incus/web'], { env: broken });
    rmSync(config);
    expect(stdout).toMatch(/✗ key +ssh -G does not read its configuration: .*Bad configuration option: hots/);
    expect(code).toBe(1);
  });

  it("leaves the user's own Host of that name: the machine's is its target", async () => {
    const config = join(home, '.ssh/config');
    writeFileSync(config, 'Host web\n    HostName 192.0.2.1\n');
    const before = trees();
    const done = await setup('--yes', 'incus/web');
    expect(done.stdout).toMatch(/✓ login +ssh incus\/web is root/);
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(trees()).toEqual(before);
    rmSync(config);
  });

  it('asks for a name that is in known_hosts, and takes it with --take-name', async () => {
    const known = join(home, '.ssh/known_hosts');
    writeFileSync(
      known,
      'web ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBk1Y3Dw2BOZxrpS4wNYvXNqj5bQbSCAyVLFbwyVjpyw\n',
    );
    const planned = await setup('--dry-run', 'web');
    expect(planned.stdout).toMatch(
      /name +the name is already in known_hosts: from now on it means incus\/web/,
    );
    const refused = await setup('--yes', 'web');
    expect(refused).toMatchObject(printing(1, /✗ name .*\n +fix: .*setup --take-name web/));
    expect(await setup('--yes', '--take-name', 'web')).toMatchObject({ code: 0 });
    const names = () => readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8').match(/^Host web\b/gm);
    expect(names()).toHaveLength(1);
    await run([...vmssh, 'config', 'install'], { env });
    expect(names()).toHaveLength(1);
    expect(await setup('--undo', '--yes', 'web')).toMatchObject({ code: 0 });
    expect(existsSync(join(home, '.ssh/vmssh.conf')) && names()).toBeFalsy();
    rmSync(known);
  });

  it('finds no sshd, and installs one only if it is told to', async () => {
    const sshd = join(root, 'usr/sbin/sshd');
    renameSync(sshd, join(dir, 'sshd.package'));
    script(join(dir, 'fakes/apt-get'), `[ "$1" = update ] || cp -p '${join(dir, 'sshd.package')}' '${sshd}'`);
    const plain = await setup('--yes', '--no-config', 'incus/web');
    const planned = await setup('--dry-run', '--install-sshd', '--no-config', 'incus/web');
    const isThere = existsSync(sshd);
    const done = await setup('--yes', '--install-sshd', '--no-config', 'incus/web');
    rmSync(join(dir, 'fakes/apt-get'));
    expect(plain).toMatchObject(
      printing(1, /✗ sshd .*: .* --bring-sshd incus\/web\n +fix: .*setup --install-sshd incus\/web\n/),
    );
    expect(planned.stdout).toMatch(
      /\+ sshd +there is none: apt-get update && apt-get install -y (?:--reinstall )?openssh-server\n/,
    );
    expect(isThere).toBe(false);
    expect(done.stdout).toMatch(/\+ sshd +installed: apt-get(?:.*\n)+ +✓ login /);
    expect(done.code).toBe(0);
    expect(await setup('--undo', '--yes', 'incus/web')).toMatchObject({ code: 0 });
    expect(existsSync(join(home, '.ssh/vmssh_known_hosts'))).toBe(false);
    expect(existsSync(sshd)).toBe(true);
  });

  it('names what needs no network if it cannot install one', async () => {
    const sshd = join(root, 'usr/sbin/sshd');
    renameSync(sshd, join(dir, 'sshd.package'));
    script(join(dir, 'fakes/apt-get'), "echo 'E: Temporary failure resolving' >&2; exit 100");
    const { code, stdout } = await setup('--yes', '--install-sshd', '--no-config', 'incus/web');
    rmSync(join(dir, 'fakes/apt-get'));
    renameSync(join(dir, 'sshd.package'), sshd);
    expect(stdout).toMatch(
      /✗ sshd +apt-get .*Temporary failure resolving\n +fix: .*apt-get .*\n.*without its network: .*setup --bring-sshd incus\/web\n/,
    );
    expect(code).toBe(1);
  });

  it('makes a host key of a type that the ssh here takes, as with FIPS', async () => {
    const settings = readFileSync(join(root, 'sshd_config'), 'utf8');
    writeFileSync(join(root, 'sshd_config'), settings.replace('ssh_host_ed25519_key', 'ssh_host_ecdsa_key'));
    const config = join(home, '.ssh/config');
    writeFileSync(config, 'HostKeyAlgorithms ecdsa-sha2-nistp256,rsa-sha2-512\n');
    const { stdout } = await run([...vmssh, 'setup', '--dry-run', 'incus/web'], {
      env: { ...env, VMSSH_SSH: `ssh -F ${config}` },
    });
    rmSync(config);
    writeFileSync(join(root, 'sshd_config'), settings);
    expect(stdout).toMatch(/\+ host keys +there is none: \S+\/ssh_host_ecdsa_key is made\n/);
  });

  it.each([
    ['command="uptime"', /✗ key +\S+authorized_keys lets your key run only one command, by command=\n/],
    ['from="192.0.2.1"', /✗ login +\S+ has from="192\.0\.2\.1" before the key/],
    ['expiry-time="20200101"', /✗ login +\S+ has expiry-time="20200101" before the key: it has expired/],
  ])('takes a key that is there with %s for none that logs in', async (option, says) => {
    const file = join(root, 'home/.ssh/authorized_keys');
    mkdirSync(join(root, 'home/.ssh'), { mode: 0o700 });
    writeFileSync(file, `${option} ${readFileSync(join(home, '.ssh/id_ed25519.pub'), 'utf8')}`);
    await changesNothing(says, ['--yes', 'incus/web']);
    rmSync(join(root, 'home/.ssh'), { recursive: true });
  });

  it.skipIf(missingRoot('a home of another owner'))(
    'puts no key into the home of an account here that nothing lists, by the owner of that folder',
    async () => {
      const [nss, path] = [join(dir, 'nss'), env.PATH];
      mkdirSync(nss);
      const kim = `kim:x:424242:424242::${join(root, 'home')}:/bin/sh`;
      const others = `exec '${findProgram('getent')}' "$@"`;
      script(join(nss, 'getent'), `case " $* " in *' 424242 '*) echo '${kim}' ;; *) ${others} ;; esac`);
      Object.assign(env, { PATH: `${nss}:${path}` });
      chownSync(join(root, 'home'), 424_242, 0);
      await changesNothing(
        /✗ key +the key would go into a home of this host's own.*\n +fix, if you mean that: --shared-home\n/,
        ['--yes', 'incus/web'],
      );
      const { stdout } = await setup('--dry-run', '--shared-home', 'incus/web');
      expect(stdout).toMatch(/\+ key +the key goes into \/home\/\.ssh\/authorized_keys/);
      Object.assign(env, { PATH: path });
      chownSync(join(root, 'home'), 0, 0);
    },
  );

  it('believes no server whose key its manager does not find in the machine', async () => {
    const other = join(dir, 'other');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const config = readFileSync(join(root, 'sshd_config'), 'utf8');
    const own = join(root, 'etc/ssh/ssh_host_ed25519_key');
    for (const file of [own, `${own}.pub`]) rmSync(file, { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
    writeFileSync(join(root, 'sshd_config'), config.replace(/^HostKey .*$/m, `HostKey ${other}`));
    rmSync(join(home, '.ssh/vmssh_known_hosts'), { force: true });
    const { code, stdout } = await setup('--yes', '--no-config', 'incus/web');
    writeFileSync(join(root, 'sshd_config'), config);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ host-key +.*SHA256:/);
    expect(existsSync(join(home, '.ssh/vmssh_known_hosts'))).toBe(false);
  });
});
