import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing } from '../../helpers/expected.js';
import { missingRoot } from '../../helpers/other-user.js';
import { findProgram, pathWithSsh } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { script } from '../../helpers/temp-dir.js';

import { missing, useSetup } from './machines.js';

describe.skipIf(missing)(`vmssh setup, where something is in the way${missing ? `: ${missing}` : ''}`, () => {
  const { dir, home, root, env, setup, trees, changesNothing } = useSetup();

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
