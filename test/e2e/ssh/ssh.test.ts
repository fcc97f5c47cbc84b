import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect as openSocket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { ends } from '../../helpers/expected.js';
import { findProgram, lacks, missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd');
const modes = missingAddon() === undefined ? (['fdpass', 'relay'] as const) : (['relay'] as const);

describe.skipIf(missing).each(modes)('a real sshd on a unix socket, by %s', (mode) => {
  const dir = useTempDir();
  mkdirSync(join(dir, 'Upper'));
  const sshd = useSshd(dir, 'Upper/ssh.sock');
  const host = `unix${sshd.path}`;
  const copyHost = host.replaceAll('/', '%');

  it('runs a command and carries its output, its errors and its exit code', async () => {
    const result = await run([...sshd.ssh(mode), host, 'echo out; echo err >&2; exit 7']);
    expect(result).toMatchObject({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('prints nothing of its own at a login, and with -v all that ssh does', async () => {
    expect(await run([...sshd.ssh(mode), host, 'true'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const verbose = await run([...sshd.ssh(mode), '-v', host, 'true']);
    expect(verbose).toMatchObject({ code: 0, stderr: expect.stringContaining('Authenticated to ') });
  });

  it.skipIf(mode === 'relay' || missingPrograms({ fish: 'fish', tcsh: 'tcsh' }))(
    'names a start file that prints, and gets by it',
    async () => {
      const files = { bash: '.bashrc', fish: '.config/fish/config.fish', tcsh: '.tcshrc' } as const;
      for (const [shell, file] of Object.entries(files)) {
        const home = join(dir, shell);
        mkdirSync(dirname(join(home, file)), { recursive: true });
        writeFileSync(join(home, file), 'echo hello\n');
        // As of a program that no shell started.
        const env = { ...process.env, HOME: home, SHELL: findProgram(shell), SHLVL: undefined };
        const plain = await run([...sshd.ssh(mode), host, 'exit 7'], { env });
        expect(plain).toMatchObject({
          code: 255,
          stderr: expect.stringContaining('mm_receive_fd: no message'),
        });
        await ends(7, run([...vmssh, 'ssh', '-F', sshd.config(mode), host, 'exit 7'], { env }));
        const { stdout } = await run([...vmssh, 'doctor'], { env });
        expect(stdout).toContain(`✗ SHELL`);
        expect(stdout).toContain(`~/${file} prints "hello"`);
      }
    },
  );

  it('takes the path with percent signs for slashes', async () => {
    const result = await run([...sshd.ssh(mode), copyHost, 'echo "$SSH_CONNECTION"']);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('UNKNOWN') });
  });

  it('is a host for -J to go through, with two percent signs for each slash', async () => {
    const gate = createServer((socket) => socket.pipe(openSocket(sshd.path)).pipe(socket));
    const port = await listening(gate);
    const jump = `unix${sshd.path}`.replaceAll('/', '%%');
    const trust = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const ssh = [...sshd.ssh(mode), ...trust, '-p', String(port), '-J', jump];
    await ends(8, run([...ssh, '127.0.0.1', 'exit 8']));
  });

  it('copies by scp in both directions', async () => {
    const data = randomBytes(3_000_000);
    writeFileSync(join(dir, 'up'), data);
    const scp = ['scp', '-q', '-F', sshd.config(mode)];
    expect(await run([...scp, join(dir, 'up'), `${copyHost}:${dir}/there`])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await run([...scp, `${copyHost}:${dir}/there`, join(dir, 'back')])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(readFileSync(join(dir, 'back')).equals(data)).toBe(true);
  });

  it('serves sftp', async () => {
    const batch = `put ${sshd.config(mode)} ${dir}/sftp-there\nls ${dir}/sftp-there\n`;
    const result = await run(['sftp', '-q', '-F', sshd.config(mode), '-b', '-', copyHost], { input: batch });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('sftp-there') });
  });

  it('serves a control master and its clients', async () => {
    const master = ['-o', `ControlPath=${join(dir, `cm-${mode}`)}`];
    const ssh = [...sshd.ssh(mode), ...master];
    expect(
      await run([...ssh, '-o', 'ControlMaster=yes', '-o', 'ControlPersist=60', host, 'echo first'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ).toMatchObject({ code: 0, stdout: 'first\n' });
    const second = await run([...ssh, '-o', 'ProxyCommand=false', host, 'echo second']);
    expect(second).toMatchObject({ code: 0, stdout: 'second\n' });
    await ends(0, run([...ssh, '-O', 'exit', host]));
  });

  it('says why a login fails, and nothing else', async () => {
    const result = await run([...sshd.ssh(mode), `unix${dir}/absent.sock`, 'true']);
    expect(result.code).toBe(255);
    expect(result.stderr).toContain(`no socket at ${dir}/absent.sock (ENOENT)`);
  });
});

describe.skipIf(missing)('an instance of Multipass, whose key only root can read', () => {
  const dir = useTempDir();

  it.each([
    { state: 'Stopped', says: '"m" is off' },
    { state: 'Running', says: 'knows "m", but neither' },
  ])('is not said to have refused a key that it was never shown: $state', async ({ state, says }) => {
    const list = JSON.stringify({ list: [{ name: 'm', state, ipv4: [] }] });
    writeFileSync(join(dir, 'multipass'), `#!/bin/sh\necho '${list}'\n`, { mode: 0o755 });
    const env = { ...process.env, HOME: dir, PATH: `${dir}:${process.env.PATH}` };
    const { code, stderr } = await run([...vmssh, 'ssh', '-F', '/dev/null', 'multipass/m', 'true'], { env });
    expect(code).toBe(255);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('refused the login');
    // ssh is not even started.
    if (state === 'Stopped') expect(stderr).not.toContain('closed');
  });
});

const gitMissing = missing ?? lacks('git');

describe.skipIf(gitMissing).each(modes)('git by %s', (mode) => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const copyHost = `unix${sshd.path}`.replaceAll('/', '%');

  it('clones and pushes by git', async () => {
    const origin = join(dir, 'origin.git');
    const env = { ...process.env, GIT_SSH_COMMAND: sshd.ssh(mode).join(' '), GIT_CONFIG_GLOBAL: '/dev/null' };
    await run(['git', 'init', '-q', '--bare', origin]);
    const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
    await ends(0, run(['git', 'clone', '-q', `${copyHost}:${origin}`, join(dir, 'clone')], { env }));
    const clone = ['git', '-C', join(dir, 'clone')];
    await ends(0, run([...clone, ...author, 'commit', '-q', '--allow-empty', '-m', 'first']));
    await ends(0, run([...clone, 'push', '-q', 'origin', 'HEAD:main'], { env }));
    expect(await run(['git', '-C', origin, 'log', '--format=%s', 'main'])).toMatchObject({
      stdout: 'first\n',
    });
  });
});
