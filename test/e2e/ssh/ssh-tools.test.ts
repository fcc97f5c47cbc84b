import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { ends, printing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const id = '0123456789abcdef0123456789abcdef';
const alias = 'vmssh-01234567-89ab-cdef-0123-456789abcdef';

/** A real sshd for a machine that a stand-in for systemd-machined lists by name, with the key to log in. */
describe.skipIf(lacks('ssh', 'sshd', 'rsync'))('vmssh ssh, scp, sftp and rsync', () => {
  const dir = useTempDir();
  const home = join(dir, 'home');
  mkdirSync(home);
  const sshd = useSshd(dir);
  const sshPrivateKeyPath = join(dir, 'id');
  const common = { class: 'vm', service: 'x', sshAddress: `unix${sshd.path}`, sshPrivateKeyPath };
  const machines: JsonObject[] = ['Web Server T7', 'db-t7', 'twice-t7', 'TWICE-T7'].map((name, at) => ({
    ...{ name, id: id.replace('0', `${at}`), ...common },
  }));
  machines.push({ ...common, name: 'own-t8', id: id.replace('0', '9'), sshPrivateKeyPath: undefined });
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, ...useMachined(machines).env };
  for (const each of ['VMSSH_SSH', 'HV_SSH_COMMAND', 'RSYNC_RSH']) delete env[each];
  const ownHosts = join(home, '.ssh/vmssh_known_hosts');
  const knownHosts = () => readFileSync(ownHosts, 'utf8');
  const tool = (name: string, ...args: string[]) => run([...vmssh, name, ...args], { env });
  const quiet = ['-F', '/dev/null', '-q', '-oStrictHostKeyChecking=accept-new'];

  it.each(['db-t7', 'DB-T7', 'machine/db-t7', 'machine%db-t7', 'web-server-t7', id, 'Web Server T7'])(
    'log in to %s, and give the exit code of the command',
    async (name) => {
      const result = await tool('ssh', ...quiet, '-o', 'BatchMode=yes', name, 'echo "in $0"; exit 7');
      expect(result).toMatchObject(printing(7, /^in /));
    },
  );

  it('keep host keys by the machine, not by how it is reached', () => {
    expect(knownHosts()).toContain(`${alias} ssh-ed25519 `);
    const names = knownHosts()
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(names.filter((name) => !/^vmssh-[0-9a-f-]{36}$/.test(name ?? ''))).toEqual([]);
  });

  it('leave the key of an address to ssh', async () => {
    const before = knownHosts();
    const key = ['-i', join(dir, 'id'), '-o', 'BatchMode=yes'];
    await ends(3, tool('ssh', ...quiet, ...key, `unix${sshd.path}`, 'exit 3'));
    expect(knownHosts()).toBe(before);
    const bySsh = readFileSync(`${ownHosts}.new`, 'utf8');
    expect(bySsh).toContain(`unix${sshd.path} ssh-ed25519 `.toLowerCase());
  });

  it('log in without a home to keep a key in', async () => {
    const homeless = { env: { ...env, HOME: '/dev/null' } };
    const result = await run([...vmssh, 'ssh', ...quiet, '-o', 'BatchMode=yes', 'db-t7', 'exit 3'], homeless);
    expect(result).toMatchObject({ code: 3 });
  });

  it('leave options after the host, and the command, to ssh', async () => {
    const words = 'db-t7 -o BatchMode=yes -- echo --wait -p 5'.split(' ');
    expect(await tool('ssh', ...quiet, ...words)).toMatchObject({ code: 0, stdout: '--wait -p 5\n' });
  });

  it('leave to the command what looks like options of ours', async () => {
    const { code, stdout } = await tool('ssh', ...quiet, 'db-t7', 'echo', '--wait', '--print-command');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '--wait --print-command\n' });
  });

  it('let options of the user come before ours', async () => {
    const hosts = join(dir, 'own_hosts');
    const own = ['-o', `UserKnownHostsFile=${hosts}`, '-o', 'HostKeyAlias=mine'];
    await tool('ssh', ...quiet, ...own, 'db-t7', 'true');
    expect(readFileSync(hosts, 'utf8')).toMatch(/^mine ssh-ed25519/);
  });

  it('wait for a machine', async () => {
    await ends(4, tool('ssh', '--wait=5', ...quiet, 'db-t7', 'exit 4'));
  });

  it('copy by scp in both directions, with slashes in the target', async () => {
    const data = randomBytes(100_000);
    writeFileSync(join(dir, 'up'), data);
    await ends(0, tool('scp', ...quiet, join(dir, 'up'), `machine/db-t7:${dir}/there:1`));
    await ends(0, tool('scp', ...quiet, `db-t7:${dir}/there:1`, join(dir, 'back')));
    expect(readFileSync(join(dir, 'back')).equals(data)).toBe(true);
  });

  it('copy if the target has a colon of its own', async () => {
    const key = ['-i', join(dir, 'id')];
    const unix = `unix:${sshd.path}`;
    await ends(0, tool('scp', ...quiet, ...key, join(dir, 'id.pub'), `${unix}:${dir}/there2`));
    expect(readFileSync(join(dir, 'there2'))).toEqual(readFileSync(join(dir, 'id.pub')));
    const shell = ['-e', `ssh ${[...quiet, ...key].join(' ')}`];
    await ends(0, tool('rsync', ...shell, `${unix}:${dir}/there2`, join(dir, 'here2')));
  });

  it("take the user's own Host of the name, as plain ssh does", async () => {
    const config = join(dir, 'own-config');
    const lines = ['User nobody', `IdentityFile ${dir}/id`, 'IdentitiesOnly yes', 'SetEnv T7=set'];
    writeFileSync(config, `Host own-t8\n    ${lines.join('\n    ')}\n`, { mode: 0o600 });
    const own = ['-F', config, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=accept-new'];
    const me = `${sshd.user}@own-t8`;
    const logged = await tool('ssh', ...own, '-l', sshd.user, 'own-t8', 'echo $0');
    expect(logged).toMatchObject({ code: 0 });
    expect(await tool('ssh', ...own, 'own-t8', 'true')).toMatchObject(saying(255, 'nobody@'));
    await ends(0, tool('scp', ...own, config, `${me}:${dir}/own-scp`));
    const shell = ['ssh', ...own].join(' ');
    await ends(0, tool('rsync', '-e', shell, config, `${me}:${dir}/own-rsync`));
    const byVariable = { env: { ...env, RSYNC_RSH: `${shell} -l ${sshd.user}` } };
    await ends(0, run([...vmssh, 'rsync', config, `own-t8:${dir}/own-variable`], byVariable));
    const { code, stdout } = await tool('check', '--ssh-config', config, '--json', me);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('"login"') });
    expect((await tool('check', '--ssh-config', config, 'own-t8')).stdout).toMatch(
      /^✗ own-t8: .* as nobody:/,
    );
  });

  it('tell how to copy between two machines', async () => {
    expect(await tool('scp', '-3', 'db-t7:a', 'Web-Server-T7:b')).toMatchObject(
      saying(255, /hint: .*vmssh.* config install, and then plain scp, with the names of both/),
    );
  });

  it('serve sftp', async () => {
    writeFileSync(join(dir, 'batch'), `put ${dir}/batch ${dir}/sftp-there\n`);
    const result = await tool('sftp', ...quiet, '-b', join(dir, 'batch'), 'machine/db-t7');
    expect(result).toMatchObject({ code: 0 });
    expect(readFileSync(join(dir, 'sftp-there'), 'utf8')).toContain('put ');
  });

  it.each(['ssh', 'scp', 'sftp', 'rsync'])('quote the target as it was typed if %s fails', async (name) => {
    const operands = { ssh: ['true'], scp: ['.'], sftp: [], rsync: ['.'] }[name] ?? [];
    const host = `unix/no-such-folder/it's a.sock`;
    const { code, stderr } = await tool(name, `${host}${name === 'ssh' ? '' : ':x'}`, ...operands);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`vmssh: cannot connect to "${host}": no socket at`);
  });

  it.each(['ssh', 'scp', 'sftp', 'rsync'])('help: %s -h', async (name) => {
    const { code, stdout, stderr } = await tool(name, '-h');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: vmssh ${name} `));
  });

  it("leave rsync's own -h to rsync", async () => {
    const { stdout } = await tool('rsync', '-h', '--print-command', 'x', 'machine/db-t7:');
    expect(stdout).toMatch(/ -h -- x machine%db-t7:\n$/);
  });

  it.each([[], ['-e', 'ssh -o Compression=yes']])('synchronise by rsync %j', async (...own) => {
    mkdirSync(join(dir, 'tree'), { recursive: true });
    writeFileSync(join(dir, 'tree/file'), 'x');
    const to = join(dir, `tree-${own.length}`);
    const result = await tool('rsync', '-a', ...own, join(dir, 'tree/'), `Web-Server-T7:${to}/`);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(to, 'file'), 'utf8')).toBe('x');
  });

  it('run the ssh that VMSSH_SSH or HV_SSH_COMMAND names', async () => {
    for (const name of ['VMSSH_SSH', 'HV_SSH_COMMAND']) {
      const result = await run([...vmssh, 'ssh', 'db-t7', 'true'], { env: { ...env, [name]: 'echo -n' } });
      expect(result.stdout).toMatch(/ProxyCommand=.* db-t7|machine%db-t7/);
    }
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'take the program with them when they are ended by %s',
    async (signal) => {
      const program = join(dir, `long-${signal}`);
      writeFileSync(program, '#!/bin/sh\necho $$\nexec sleep 300\n', { mode: 0o755 });
      const child = spawn(vmssh[0] ?? '', [...vmssh.slice(1), 'ssh', 'db-t7'], {
        env: { ...env, VMSSH_SSH: program },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [pid] = await once(child.stdout.setEncoding('utf8'), 'data');
      child.kill(signal);
      const [code] = await once(child, 'close'); // the program, too, has let go of stdout
      expect(code).toBe(128 + constants.signals[signal]);
      expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    },
  );

  it('take the names that vmssh list -q prints, as vmssh check does', async () => {
    const { stdout } = await tool('list', '-q', '--provider=machined');
    const names = stdout.trimEnd().split('\n');
    expect(names.filter((name) => /t7$/i.test(name))).toEqual([
      ...['db-t7', 'twice-t7', 'TWICE-T7', 'Web Server T7'],
    ]);
    const { code, stdout: json } = await tool(
      'check',
      '--until=authentication',
      '--json',
      'db-t7',
      'Web Server T7',
      'machine/twice-t7',
    );
    expect({ code, ...JSON.parse(json) }).toMatchObject({
      code: 0,
      results: [
        { target: 'db-t7', ok: true },
        { target: 'Web Server T7', ok: true },
        { target: 'machine/twice-t7', ok: true },
      ],
    });
    expect((await tool('ssh', ...quiet, 'Web Server T7', 'exit 9')).code).toBe(9);
  });

  it('print what they would run', async () => {
    const { stdout } = await tool('ssh', '--print-command', 'db-t7', 'true');
    expect(stdout).toMatch(/^ssh -o 'ProxyCommand=.* -o HostKeyAlias=machine\/db-t7 .* -- db-t7 true\n$/);
  });

  it.each([
    { args: ['nope'], says: 'cannot find "nope": no machine is called nope: ' },
    { args: ['Twice-T7'], says: '"Twice-T7" may be "machine/twice-t7" or "machine/TWICE-T7"' },
    { args: ['vsock/x'], says: 'CID "x" cannot be used' },
    { args: ['-J', 'x', 'db-t7'], says: '-J names a jump host' },
    { args: ['-p', '22'], says: 'no machine given to ssh: expected [user@]TARGET' },
  ])('say why $args is not a machine', async ({ args, says }) => {
    expect(await tool('ssh', ...args)).toMatchObject(saying(255, says));
  });

  it.each(['VMSSH_SSH', 'HV_SSH_COMMAND'])('name %s if its program cannot be run', async (variable) => {
    const named = { env: { ...env, [variable]: '/nope' } };
    const says = `${variable} names "/nope", which could not be run: there is no such program`;
    for (const command of ['ssh', 'check']) {
      const { code, stdout, stderr } = await run([...vmssh, command, 'db-t7'], named);
      expect({ code, said: stdout + stderr }).toEqual({
        code: command === 'ssh' ? 255 : 1,
        said: expect.stringContaining(says),
      });
    }
  });

  it('refuse a changed host key, say why, and take it after vmssh forget', async () => {
    const wrong = readFileSync(join(dir, 'id.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    rmSync(`${ownHosts}.new`);
    writeFileSync(ownHosts, knownHosts().replace(new RegExp(`^${alias} .*$`, 'm'), `${alias} ${wrong}`));
    const refused = await tool('ssh', ...quiet, 'web-server-t7', 'true');
    expect(refused.code).toBe(255);
    expect(refused.stderr).toContain('the host key of "web-server-t7" is refused: ');
    const [, fix = ''] = /if it was reinstalled: (.* forget web-server-t7)$/m.exec(refused.stderr) ?? [];
    expect(await run(['sh', '-c', fix], { env })).toMatchObject({ code: 0, stderr: '' });
    for (const code of [5, 6]) await ends(code, tool('ssh', ...quiet, 'web-server-t7', `exit ${code}`));
    expect(knownHosts()).toContain(alias);
  });

  it('know a machine again that has another address and another name now', async () => {
    const before = knownHosts();
    const [first] = machines;
    machines[0] = { ...first, name: 'renamed', sshAddress: `unix${sshd.path.replace('/', '//')}` };
    await ends(6, tool('ssh', ...quiet, 'renamed', 'exit 6'));
    // The same lines, one of them with one more name.
    const lines = knownHosts().split('\n');
    expect(lines).toHaveLength(before.split('\n').length);
    for (const line of before.split('\n'))
      expect(lines.filter((each) => each.startsWith(line))).not.toEqual([]);
  });
});
