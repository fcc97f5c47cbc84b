import type { Socket } from 'node:net';
import ssh2, { type AuthContext } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/base/errors.js';
import { openConnection } from '../../src/connect/open.js';
import { toDuplex } from '../../src/deliver/duplex.js';
import { freshKeys } from '../../src/demo/server.js';
import { fingerprintOf } from '../../src/ssh/known-hosts.js';
import { probeSock } from '../../src/ssh/probe.js';
import { openers, unix } from '../connect/openers.js';
import { useSocketFolder } from '../connect/socket-folder.js';

const keys = freshKeys();
const options = { target: 't', user: 'root', timeoutMs: 20_000 };

describe.each(openers)('probe over a socket opened $how', ({ skip, native }) => {
  const folder = useSocketFolder();

  async function open(serve: (socket: Socket) => void) {
    const path = await folder.listen(serve);
    return toDuplex(await openConnection(unix(path), { timeoutMs: 20_000 }, native));
  }

  /** An SSH server that answers each authentication like this; resolves to the users that tried, with their methods. */
  async function server(authenticate: (attempt: AuthContext) => void) {
    const tries: string[] = [];
    const left: Promise<void>[] = [];
    const ssh = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
      left.push(new Promise((resolve) => client.on('end', resolve).on('close', resolve)));
      client.on('error', () => {});
      client.on('authentication', (attempt) => {
        tries.push(`${attempt.username} ${attempt.method}`);
        authenticate(attempt);
      });
    });
    return { tries, left, sock: await open((socket) => ssh.injectSocket(socket)) };
  }

  const hostKey = { type: 'ssh-ed25519', fingerprint: fingerprintOf(keys.public.getPublicSSH()) };

  it.skipIf(skip)('reports the host key and the methods, asks for nothing else and hangs up', async () => {
    const { tries, left, sock } = await server((attempt) => attempt.reject(['publickey', 'password']));
    const result = await probeSock(sock, { ...options, user: 'ann' });
    expect(result).toEqual({ hostKey, methods: ['publickey', 'password'] });
    expect(tries).toEqual(['ann none']);
    await Promise.all(left);
    expect(sock.destroyed).toBe(true);
  });

  it.skipIf(skip)('reports a server that lets anybody in', async () => {
    const { sock, left } = await server((attempt) => attempt.accept());
    expect(await probeSock(sock, options)).toEqual({ hostKey, methods: ['none'] });
    await Promise.all(left);
  });

  it.skipIf(skip)('reports a handshake that fails', async () => {
    const sock = await open((socket) => socket.end('SSH-2.0-x\r\n\0\0\0\x0cgarbagegarbage'));
    const failure = await probeSock(sock, options).catch((error) => error);
    expect(failure).toMatchObject({
      name: 'ConnectError',
      op: 'handshake',
      code: 'HANDSHAKE',
      target: 't',
      problem: expect.stringMatching(/^the SSH handshake failed: /),
      hint: expect.stringContaining('-vvv'),
    });
    expect(exitCodeOf(failure)).toBe(1);
    expect(sock.destroyed).toBe(true);
  });

  it.skipIf(skip)('reports a server that closes in the middle', async () => {
    const sock = await open((socket) => socket.end('SSH-2.0-x\r\n'));
    await expect(probeSock(sock, options)).rejects.toMatchObject({
      code: 'HANDSHAKE',
      problem: 'the SSH handshake failed: the server closed the connection',
    });
    expect(sock.destroyed).toBe(true);
  });

  it.skipIf(skip)('gives up on a server that goes silent', async () => {
    const sock = await open((socket) => socket.write('SSH-2.0-x\r\n'));
    await expect(probeSock(sock, { ...options, timeoutMs: 50 })).rejects.toMatchObject({
      problem: expect.stringMatching(/timed out/i),
    });
  });

  it.skipIf(skip)('ends on an abort, and does not start after one', async () => {
    const abort = new AbortController();
    const serve = (socket: Socket) => {
      socket.write('SSH-2.0-x\r\n');
      socket.once('data', () => abort.abort());
    };
    const sock = await open(serve);
    const interrupted = { op: 'handshake', code: 'INTERRUPTED' };
    await expect(probeSock(sock, { ...options, signal: abort.signal })).rejects.toMatchObject(interrupted);
    expect(sock.destroyed).toBe(true);
    const path = folder.at('s');
    const next = toDuplex(await openConnection(unix(path), { timeoutMs: 20_000 }, native));
    await expect(probeSock(next, { ...options, signal: abort.signal })).rejects.toMatchObject(interrupted);
    next.destroy();
  });
});
