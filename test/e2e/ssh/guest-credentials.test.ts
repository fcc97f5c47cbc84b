import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { type Outcome, run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { missingTerminal } from '../../helpers/sshd.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

describe.skipIf(lacks('ssh', 'sshd'))('vmssh guest credentials', () => {
  const dir = useTempDir();
  const home = join(dir, `ho me's 100%`);
  const folder = join(home, '.ssh/vmssh_guests/web-t8');
  const conf = join(home, '.ssh/vmssh.conf');
  const machines: Record<string, string>[] = [];
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const sshd = useSshd(dir);
  const env = { ...process.env, HOME: home, SSH_AUTH_SOCK: undefined, ...useMachined(machines).env };
  const program = (...args: string[]) => run([...vmssh, ...args], { env });
  const credentials = (...args: string[]) => program('guest', 'credentials', ...args);
  // All that the user's own ssh would ask with, and the empty known_hosts of a new user.
  const strict = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'];
  const bySsh = (host: string) => run(['ssh', '-F', conf, ...strict, host, 'exit 7'], { env });
  const byVmssh = (host: string) => program('ssh', '-F', '/dev/null', ...strict, host, 'exit 7');
  const hosts = ['web-t8', 'machine/web-t8', 'machine%web-t8'];
  const all = async (): Promise<(Outcome & { readonly host: string })[]> => {
    const each = [];
    for (const host of hosts) for (const by of [bySsh, byVmssh]) each.push({ host, ...(await by(host)) });
    return each;
  };
  // What its manager started with what was made.
  const machineIsThere = () => {
    if (machines.length > 0) return;
    machines.push({ name: 'web-t8', class: 'vm', service: 'x', sshAddress: `unix${sshd.path}` });
    serves(join(folder, 'ssh_host_ed25519_key'));
    copyFileSync(join(folder, 'authorized_keys'), join(dir, 'authorized'));
  };
  const serves = (key: string) => {
    rmSync(join(dir, 'host'));
    copyFileSync(key, join(dir, 'host'));
  };

  it('makes the keys of a machine that does not exist yet, once', async () => {
    const first = await credentials('web-t8', '--for', 'qemu');
    expect(first).toMatchObject(printing(0, 'type=11,path='));
    expect(await credentials('web-t8', '--for', 'qemu')).toEqual(first);
    for (const name of readdirSync(folder)) {
      const mode = statSync(join(folder, name)).mode & 0o777;
      expect({ name, mode }).toEqual({ name, mode: name.endsWith('.pub') ? 0o644 : 0o600 });
    }
    expect([folder, join(folder, '..')].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  // Before there is a Host that names the key.
  it.skipIf(missingTerminal())('check logs in with the login key', async () => {
    machineIsThere();
    const check = await program('check', '--user', userInfo().username, 'web-t8');
    expect(check.stdout).toMatch(/^! web-t8: vmssh ssh logs in as root; plain ssh has no Host web-t8/);
  });

  it('the first login asks nothing, accepts nothing new, and uses the login key', async () => {
    machineIsThere();
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
    for (const result of await all()) expect(result).toMatchObject({ code: 7, stderr: '' });
    expect(await program('check', '--until=authentication', 'web-t8')).toMatchObject({ code: 0 });
    expect(existsSync(join(home, '.ssh/vmssh_known_hosts'))).toBe(false);
    expect(existsSync(join(home, '.ssh/known_hosts'))).toBe(false);
  });

  it("leaves the user's own keys on offer, for a machine that was not given the new one", async () => {
    const own = join(home, '.ssh/id_ed25519');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
    copyFileSync(`${own}.pub`, join(dir, 'authorized'));
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
    for (const result of await all()) expect(result).toMatchObject({ code: 7, stderr: '' });
    copyFileSync(join(folder, 'authorized_keys'), join(dir, 'authorized'));
  });

  it.each(['ed25519', 'ecdsa'])('another host key of type %s is refused at once', async (type) => {
    const other = join(dir, `other-${type}`);
    spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', other]);
    serves(other);
    for (const result of await all()) {
      expect(result.code, JSON.stringify(result)).toBe(255);
      expect(result.stderr).toContain('is not the key that vmssh guest credentials made for "web-t8"');
    }
    for (const target of ['web-t8', 'machine/web-t8']) {
      const { code, stdout } = await program('check', target);
      expect({ target, code }).toEqual({ target, code: 1 });
      expect(stdout).toMatch(
        /ssh refuses the host key .* it is not the key that vmssh guest credentials made/,
      );
      expect(stdout).toMatch(/hint: .*guest credentials --undo web-t8/);
    }
    const inside = await program('guest', 'check', '--ssh-config', conf, 'web-t8');
    expect(inside).toMatchObject({ code: 1, stdout: '' });
    expect(inside.stderr).toMatch(
      /KnownHostsCommand failed.*\nhint: .*guest check --credentials web-t8 HOST, .*guest credentials --undo web-t8\n$/,
    );
    for (const target of ['web-t8', 'machine/web-t8'])
      expect(await program('forget', target)).toMatchObject(
        saying(0, /hint: .*guest credentials --undo web-t8 removes it\n$/),
      );
    // Also without any option: the lines that were written say it.
    const plain = await run(['ssh', '-F', conf, '-o', 'BatchMode=yes', 'machine/web-t8', 'exit 7'], { env });
    expect(plain).toMatchObject(saying(255, 'KnownHostsCommand failed'));
  });

  it('--undo removes what it made, and only that', async () => {
    const own = join(folder, 'notes.txt');
    writeTree(folder, { 'notes.txt': 'mine' });
    const undone = await credentials('--undo', 'web-t8');
    expect(undone).toMatchObject({ code: 0, stdout: 'removed the keys of "web-t8"\n' });
    expect(undone.stderr).toContain('not made by vmssh, and kept: "notes.txt"');
    expect(readdirSync(folder)).toEqual(['notes.txt']);
    expect(readFileSync(conf, 'utf8')).not.toContain('vmssh_guests');
    expect(await credentials('web-t8', '--for', 'qemu')).toMatchObject(
      saying(1, /cannot be made: .*\nhint: .*--undo web-t8/),
    );
    rmSync(own);
    expect(await credentials('--undo', 'web-t8')).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, '..'))).toEqual([]);
    expect(await credentials('--undo', 'web-t8')).toMatchObject({ code: 4 });
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
    expect(readFileSync(conf, 'utf8')).not.toContain('vmssh_guests');
  });

  it('run ten times at once they make one pair of keys', async () => {
    const ten = await Promise.all(
      Array.from({ length: 10 }, () => credentials('b t8', '--for', 'cloud-init', '--json')),
    );
    const texts = ten.map(({ code, stdout, stderr }) => {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return (JSON.parse(stdout) as { readonly text: string }).text;
    });
    expect(new Set(texts).size).toBe(1);
    expect(readdirSync(join(folder, '..')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
