import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Client } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoServer, freshKeys, isKey, startDemoServer } from '../../src/demo/server.js';
import { useTempDir } from '../helpers/temp-dir.js';

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

  it('gives nobody a shell or a file', async () => {
    const client = await logIn();
    await expect(new Promise((_, reject) => client.shell((error) => reject(error)))).rejects.toThrow();
    await expect(new Promise((_, reject) => client.sftp((error) => reject(error)))).rejects.toThrow();
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
