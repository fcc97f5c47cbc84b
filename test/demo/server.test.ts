import { connect } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Client } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoServer, freshKeys, startDemoServer } from '../../src/demo/server.js';
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
    { command: 'hostname; id', want: { stdout: '', exitCode: 127 } },
    { command: '/bin/sh -c id', want: { stdout: '', exitCode: 127 } },
    { command: '', want: { stdout: '', exitCode: 127 } },
  ])('answers "$command"', async ({ command, want }) => {
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
