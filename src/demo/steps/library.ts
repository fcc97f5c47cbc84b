import { once } from 'node:events';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { fingerprintOf } from '../../identity/known-hosts.js';
import { connect } from '../../index.js';
import { demoUser, hostname } from '../server.js';
import type { World } from '../world.js';
import { expectSame, type Step, StepFailure } from './step.js';

/** ssh2's client over the library: logs in, and gets an exit code. */
export function librarySshSteps(world: World): readonly Step[] {
  return [
    {
      title: 'log in',
      typed: `new ssh2.Client().connect({ sock: await connect('${world.target}'), … })`,
      run: (signal) =>
        withClient(world, signal, async (client) => {
          const { stdout } = await execute(client, 'hostname');
          if (stdout.trim() !== hostname) throw new StepFailure(`expected ${hostname}, got ${stdout.trim()}`);
          return `${hostname} answered`;
        }),
    },
    {
      title: 'exit code',
      typed: `client.exec('exit 7', …)`,
      run: (signal) =>
        withClient(world, signal, async (client) => {
          const { exitCode } = await execute(client, 'exit 7');
          if (exitCode !== 7) throw new StepFailure(`expected exit code 7, got ${exitCode}`);
          return '7 came back';
        }),
    },
  ];
}

/** ssh2's client over the library: copies a file in both directions. */
export function libraryCopySteps(world: World): readonly Step[] {
  const { payload, server } = world;
  return [
    {
      title: 'copy there',
      typed: `sftp.writeFile('library', bytes, …)`,
      run: (signal) =>
        withSftp(world, signal, async (sftp) => {
          await new Promise<void>((resolve, reject) => {
            sftp.writeFile('library', payload.bytes, (error) => (error ? reject(error) : resolve()));
          });
          const file = server.files.find('library');
          return expectSame(file?.read(0, file.size), payload.bytes);
        }),
    },
    {
      title: 'copy back',
      typed: `sftp.readFile('library', …)`,
      run: (signal) =>
        withSftp(world, signal, async (sftp) => {
          const bytes = await new Promise<Buffer>((resolve, reject) => {
            sftp.readFile('library', (error, data) => (error ? reject(error) : resolve(data)));
          });
          return expectSame(bytes, payload.bytes);
        }),
    },
  ];
}

function withSftp(
  world: World,
  signal: AbortSignal,
  use: (sftp: SFTPWrapper) => Promise<string>,
): Promise<string> {
  return withClient(world, signal, async (client) => {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper)));
    });
    return use(sftp);
  });
}

async function withClient(
  { target, server }: World,
  signal: AbortSignal,
  use: (client: Client) => Promise<string>,
): Promise<string> {
  const client = new ssh2.Client();
  const sock = await connect(target, { signal });
  try {
    client.connect({
      sock,
      username: demoUser,
      privateKey: server.privateKey,
      hostVerifier: (key: Buffer) => fingerprintOf(key) === server.fingerprint,
    });
    await once(client, 'ready', { signal });
    return await use(client);
  } finally {
    client.on('error', () => {});
    client.destroy();
  }
}

async function execute(client: Client, command: string): Promise<{ stdout: string; exitCode: number }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let stdout = '';
      channel.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      channel.stderr.resume();
      channel.on('close', (exitCode: number) => resolve({ stdout, exitCode }));
    });
  });
}
