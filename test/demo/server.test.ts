import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoServer, freshKeys, isKey, startDemoServer } from '../../src/demo/server.js';
import { useTempDir } from '../helpers/temp-dir.js';

const { OPEN_MODE: flag, STATUS_CODE: status } = ssh2.utils.sftp;

describe('the demo server', () => {
  const path = join(useTempDir(), 's');
  let server: DemoServer;
  beforeAll(async () => {
    server = await startDemoServer(path);
  });
  afterAll(() => server.close());

  it.each([
    { name: 'another key', login: () => ({ username: 'demo', privateKey: freshKeys().private }) },
    { name: 'another user', login: () => ({ username: 'root', privateKey: server.privateKey }) },
    { name: 'a password', login: () => ({ username: 'demo', password: 'demo' }) },
  ])('refuses $name', async ({ login }) => {
    await expect(logIn(login())).rejects.toThrow('All configured authentication methods failed');
  });

  it.each([
    { command: 'hostname', want: { stdout: 'vmssh-demo\n', exitCode: 0 } },
    { command: 'exit 0', want: { stdout: '', exitCode: 0 } },
    { command: 'exit 255', want: { stdout: '', exitCode: 255 } },
    { command: 'exit 256', want: { stdout: '', exitCode: 127 } },
    { command: 'hostname; id', want: { stdout: '', exitCode: 127 } },
    { command: '/bin/sh -c id', want: { stdout: '', exitCode: 127 } },
    { command: '', want: { stdout: '', exitCode: 127 } },
  ])('answers "$command" from its table', async ({ command, want }) => {
    const client = await logIn();
    expect(await execute(client, command)).toEqual(want);
    client.end();
  });

  it('gives nobody a shell', async () => {
    const client = await logIn();
    await expect(new Promise((_, reject) => client.shell((error) => reject(error)))).rejects.toThrow();
    client.end();
  });

  it('keeps a file and reports its size', async () => {
    const client = await logIn();
    const sftp = await openSftp(client);
    const bytes = Buffer.alloc(100_000, 'abc');
    await call((done) => sftp.writeFile('/file', bytes, done));
    expect(server.files.get('/file')?.length).toBe(100_000);
    expect(await call<Buffer>((done) => sftp.readFile('file', done))).toEqual(bytes);
    expect(await call((done) => sftp.stat('/file', done))).toMatchObject({ mode: 0o100644, size: 100_000 });
    expect(await call((done) => sftp.lstat('/', done))).toMatchObject({ mode: 0o40755 });
    // What it had before it was truncated is gone, and it grows to 2 MiB and not further.
    await call((done) => sftp.writeFile('./file', 'x', done));
    expect(server.files.get('/file')).toEqual(Buffer.from('x'));
    (server.files as Map<string, Buffer>).set('/file', Buffer.alloc(2 * 1024 * 1024 - 1));
    const handle = await call<Buffer>((done) => sftp.open('/y/../file', 'a', done));
    const add = () =>
      call((done) =>
        sftp.write(handle, Buffer.from('x'), 0, 1, server.files.get('/file')?.length ?? 0, done),
      );
    await add();
    await expect(add()).rejects.toMatchObject({ code: status.FAILURE });
    expect(server.files.get('/file')).toHaveLength(2 * 1024 * 1024);
    for (const [input = '', want] of [
      ['x', '/x'],
      ['.', '/'],
      ['', '/'],
      ['../../etc/x', '/etc/x'],
      ['/a/../b', '/b'],
    ]) {
      expect(await call((done) => sftp.realpath(input, done)), input).toBe(want);
    }
    client.end();
  });

  it('refuses with the right status', async () => {
    const client = await logIn();
    const sftp = await openSftp(client);
    await call((done) => sftp.writeFile('/there', 'x', done));
    const failures: readonly [string, number, (done: Done<unknown>) => void][] = [
      ['a file that is not there', status.NO_SUCH_FILE, (done) => sftp.stat('/nothing', done)],
      ['reading it', status.NO_SUCH_FILE, (done) => sftp.open('/nothing', 'r', done)],
      ['a folder that is not there', status.NO_SUCH_FILE, (done) => sftp.open('/a/b', 'w', done)],
      ['the folder itself', status.NO_SUCH_FILE, (done) => sftp.open('/', 'w', done)],
      ['a file that is there already', status.FAILURE, (done) => sftp.open('/there', 'wx', done)],
      ['an unknown handle', status.FAILURE, (done) => sftp.close(Buffer.from('none'), done)],
      ['another request', status.OP_UNSUPPORTED, (done) => sftp.unlink('/there', done)],
    ];
    for (const [name, code, request] of failures) {
      await expect(call(request), name).rejects.toMatchObject({ code });
    }
    const reader = await call<Buffer>((done) => sftp.open('/there', flag.READ, done));
    const write = call((done) => sftp.write(reader, Buffer.from('x'), 0, 1, 1, done));
    await expect(write, 'writing to what was opened to read').rejects.toMatchObject({ code: status.FAILURE });
    client.end();
  });

  it('stops with its socket while clients are connected', async () => {
    const own = join(path, '../own');
    const short = await startDemoServer(own);
    const socket = connect(own);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await short.close();
    await closed;
    expect(existsSync(own)).toBe(false);
  });

  function logIn(login: object = { username: 'demo', privateKey: server.privateKey }): Promise<Client> {
    const client = new ssh2.Client();
    return new Promise((resolve, reject) => {
      client.on('ready', () => resolve(client)).on('error', reject);
      client.connect({ sock: connect(path), ...login });
    });
  }
});

function execute(client: Client, command: string): Promise<{ stdout: string; exitCode: number }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let stdout = '';
      channel.on('data', (bytes: Buffer) => {
        stdout += bytes;
      });
      channel.stderr.resume();
      channel.on('close', (exitCode: number) => resolve({ stdout, exitCode }));
    });
  });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return call<SFTPWrapper>((done) => client.sftp(done));
}

type Done<T> = (error?: Error | null, value?: T) => void;

function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

it('throws away a key that cannot be read', () => {
  const good = ssh2.utils.generateKeyPairSync('ed25519');
  const given = [{ private: 'not a key' }, good];
  // One real pair in 256 is unreadable: then a third is requested, and this is the one that comes.
  const keys = freshKeys(() => given.shift() ?? { private: freshKeys().private });
  expect(keys.public.type).toBe('ssh-ed25519');
  expect(given).toEqual([]);
});

it('distinguishes a key from all others', () => {
  const [a, b] = [freshKeys().public, freshKeys().public];
  expect(isKey(a.getPublicSSH(), a)).toBe(true);
  expect(isKey(b.getPublicSSH(), a)).toBe(false);
  expect(isKey(Buffer.alloc(0), a)).toBe(false);
});
