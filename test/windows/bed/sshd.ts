import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { findProgram } from '../../helpers/programs.js';
import { startSshd } from '../../helpers/sshd.js';
import { onWindows } from './run.js';

/** A real sshd on a TCP port of loopback, which the fake of hvsock connects to. */
export interface SshdOnTcp {
  readonly port: number;
  readonly user: string;
  /** ssh with the key to log in, without a ProxyCommand. */
  readonly client: readonly string[];
  /** The ssh command that reaches it by running a Windows program as its ProxyCommand. */
  ssh(proxy: readonly string[]): readonly string[];
  close(): Promise<void>;
}

/** Makes keys and configuration in `dir`, and listens. */
export async function startTcpSshd(dir: string): Promise<SshdOnTcp> {
  const unix = await startSshd(dir);
  const command = [findProgram('sshd') ?? 'sshd', '-i', '-f', join(dir, 'sshd_config')];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: [socket, socket, 'ignore'] });
    child.once('error', () => {});
    child.once('spawn', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const identity = [
    '-o',
    `IdentityFile=${join(dir, 'id')}`,
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    'BatchMode=yes',
  ];
  const trust = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
  const client = ['ssh', ...identity, ...trust, '-o', 'LogLevel=ERROR'];
  return {
    port: (server.address() as AddressInfo).port,
    user: unix.user,
    client,
    ssh: (proxy) => [
      ...[...client, '-F', 'none', '-o', `User=${unix.user}`],
      ...['-o', `ProxyCommand=${onWindows(proxy).map(shellWord).join(' ')}`],
    ],
    close: async () => {
      await unix.close();
      server.close();
    },
  };
}

/** A word for the shell that runs after ssh's percent expansion. */
function shellWord(text: string): string {
  return `'${text.replaceAll('%', '%%').replaceAll("'", `'\\''`)}'`;
}
