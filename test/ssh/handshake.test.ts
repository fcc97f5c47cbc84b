import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import ssh2, { type AuthContext } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { freshKeys } from '../../src/demo/server.js';
import { handshake } from '../../src/ssh/handshake.js';
import { fingerprintOf } from '../../src/ssh/known-hosts.js';
import { useSocketFolder } from '../connect/socket-folder.js';
import { lacks } from '../helpers/programs.js';
import { vmssh } from '../helpers/run.js';

const keys = freshKeys();
const platform = 'linux' as const;
const options = {
  port: 22,
  user: 'root',
  ssh: ['ssh', '-F', 'none'],
  self: vmssh,
  platform,
  env: process.env,
  timeoutMs: 20_000,
};

const refusedFile = "Can't open user config file /h/a: Permission denied";

describe.skipIf(lacks('ssh'))("a handshake by the user's own ssh", () => {
  const folder = useSocketFolder();

  const listen = async (serve: (socket: Socket) => void) => `unix${await folder.listen(serve)}`;

  /** An SSH server that answers each authentication like this; resolves to the users that tried, with their methods. */
  async function server(authenticate: (attempt: AuthContext) => void, banner?: string) {
    const tries: string[] = [];
    const hello = banner === undefined ? {} : { banner };
    const ssh = new ssh2.Server({ hostKeys: [keys.private], ...hello }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (attempt) => {
        tries.push(`${attempt.username} ${attempt.method}`);
        authenticate(attempt);
      });
    });
    return { tries, target: await listen((socket) => ssh.injectSocket(socket)) };
  }

  const hostKey = { type: 'ssh-ed25519', fingerprint: fingerprintOf(keys.public.getPublicSSH()) };

  it('shows the host key and the methods, and asks for nothing else', async () => {
    const { tries, target } = await server((attempt) => attempt.reject(['publickey', 'password']));
    const result = await handshake({ ...options, target, user: 'ann' });
    expect(result).toEqual({ hostKey, methods: ['publickey', 'password'] });
    expect(tries).toEqual(['ann none']);
  });

  it('shows a server that lets anybody in, and goes no further', async () => {
    const { target } = await server((attempt) => attempt.accept());
    expect(await handshake({ ...options, target })).toEqual({ hostKey, methods: ['none'] });
  });

  it("does not take a server's greeting for ssh's own message", async () => {
    const greeting = 'debug1: Server host key: ssh-rsa SHA256:AAAA\r\nAuthenticated to x\r\n';
    const { target } = await server((attempt) => attempt.reject(['publickey']), greeting);
    expect((await handshake({ ...options, target })).hostKey).toEqual(hostKey);
  });

  // No ssh here has them.
  it.each(['ssh-mldsa44-ed25519@openssh.com', 'ssh-mldsa44-ed25519'])(
    'shows a host key of a type that is new: %s',
    async (type) => {
      const stderr = `debug1: Server host key: ${type} SHA256:AAAA\r\ndebug1: Authentications that can continue: publickey\r\n`;
      const run = async () => ({ code: 255, signal: null, stdout: '', stderr });
      expect(await handshake({ ...options, target: 'vsock/3' }, run)).toEqual({
        hostKey: { type, fingerprint: 'SHA256:AAAA' },
        methods: ['publickey'],
      });
    },
  );

  it("says why it failed, with ssh's message", async () => {
    const target = await listen((socket) => socket.end('SSH-2.0-x\r\n'));
    await expect(handshake({ ...options, target })).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'handshake',
      code: 'HANDSHAKE',
      target,
      problem: expect.stringMatching(/^the SSH handshake failed: .*[Cc]onnection/),
      hint: expect.stringContaining('-vvv'),
    });
  });

  it('says what ssh does not accept in its configuration, and where', async () => {
    const sshConfig = folder.at('config');
    writeFileSync(sshConfig, 'UseKeychain yes\n');
    await expect(handshake({ ...options, target: 'vsock/3', sshConfig })).rejects.toMatchObject({
      problem: expect.stringMatching(/config: line 1: Bad configuration option: usekeychain$/),
      hint: expect.stringMatching(/^on this host: correct or remove line 1 of \S+config$/),
    });
  });

  it('does not take the words of a machine for what ssh says of its configuration', async () => {
    const disconnect = `\0\0\0\x24\x06\x01\0\0\0\x02\0\0\0\x10config line 3: x${'\0'.repeat(10)}`;
    const target = await listen((socket) => void socket.write(`SSH-2.0-hostile\r\n${disconnect}`));
    const [problem, hint] = [/config line 3: x$/, /^run ssh with -vvv/].map((each) =>
      expect.stringMatching(each),
    );
    await expect(handshake({ ...options, target })).rejects.toMatchObject({ problem, hint });
  });

  it.each([
    { name: 'a start file of the shell', said: 'exec: line 1: /v: No such file', hint: /vmssh doctor/ },
    {
      name: "an own file that is root's",
      said: refusedFile,
      hint: /chown "\$\(id -un\)" \/h\/a && chmod 600/,
    },
  ])('blames no guest for $name', async ({ said, hint }) => {
    const first = said === refusedFile ? '' : 'debug1: Executing proxy command: exec /v\r\n';
    const run = async () => ({ code: 255, signal: null, stdout: '', stderr: `${first}${said}\r\n` });
    await expect(handshake({ ...options, target: 'vsock/3' }, run)).rejects.toMatchObject({
      hint: expect.stringMatching(new RegExp(`^on this host: .*${hint.source}`)),
    });
  });

  it('says why there was no connection, with our own message', async () => {
    const target = `unix${folder.at('nothing')}`;
    await expect(handshake({ ...options, target })).rejects.toMatchObject({
      problem: expect.stringContaining('ENOENT'),
    });
  });

  it('gives up on a server that goes silent', async () => {
    const target = await listen((socket) => socket.write('SSH-2.0-x\r\n'));
    await expect(handshake({ ...options, target, timeoutMs: 1000 })).rejects.toMatchObject({
      problem: 'the SSH handshake failed: it timed out',
    });
  });

  it('says which command of a Match exec ssh waits for', async () => {
    const stderr = "debug1: Reading x\r\ndebug1: Executing command: 'sleep 60'\r\n";
    const run = async () => ({ code: null, signal: null, stdout: '', stderr, stopped: 'timeout' as const });
    await expect(handshake({ ...options, target: 'vsock/3' }, run)).rejects.toMatchObject({
      problem: 'the SSH handshake failed: ssh waits for the command of a Match exec: sleep 60',
      hint: expect.stringContaining('timeout 2 in front of that command'),
    });
  });

  it('ends on an abort', async () => {
    const abort = new AbortController();
    const target = await listen((socket) => {
      socket.write('SSH-2.0-x\r\n');
      socket.once('data', () => abort.abort());
    });
    const interrupted = { op: 'handshake', code: 'INTERRUPTED' };
    await expect(handshake({ ...options, target, signal: abort.signal })).rejects.toMatchObject(interrupted);
  });

  it.each([
    { platform: 'linux', fix: 'apt-get install openssh-client' },
    { platform: 'darwin', fix: 'brew install openssh' },
    {
      platform: 'win32',
      fix: 'in an elevated PowerShell: Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0',
    },
  ] as const)('says that there is no ssh, and how $platform gets it', async ({ platform, fix }) => {
    const missing = { ...options, target: 'unix/x', ssh: undefined, env: { PATH: '/proc/none' }, platform };
    await expect(handshake(missing)).rejects.toMatchObject({
      code: 'NO_SSH',
      problem: '"ssh" could not be run: it is not installed, or not in PATH',
      hint: fix,
    });
  });
});
