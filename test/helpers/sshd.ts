import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { configText } from '../../src/ssh/config/text.js';
import { findProgram } from './programs.js';
import { vmssh } from './run.js';

/** A real sshd on a unix socket, as systemd's socket units start it: one `sshd -i` per connection. */
export interface SshdOnSocket {
  readonly path: string;
  /** The ssh command with a configuration made by vmssh itself, by fd passing or by relay. */
  ssh(mode: 'fdpass' | 'relay'): readonly string[];
  /** The configuration file of `ssh`, for scp, rsync and others. */
  config(mode: 'fdpass' | 'relay'): string;
  readonly user: string;
  close(): Promise<void>;
}

/** Makes keys and configuration in `dir`, and listens at `dir/NAME`. */
export async function startSshd(dir: string, name = 'ssh.sock'): Promise<SshdOnSocket> {
  const user = userInfo().username;
  for (const key of ['host', 'id'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
  writeFileSync(join(dir, 'authorized'), readFileSync(join(dir, 'id.pub')));
  writeFileSync(join(dir, 'sshd_config'), sshdConfig(dir));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const path = join(dir, name);
  const server = await listen(path, [findProgram('sshd') ?? 'sshd', '-i', '-f', join(dir, 'sshd_config')]);
  for (const mode of ['fdpass', 'relay'] as const) {
    const identity = `Host *\n    IdentityFile ${join(dir, 'id')}\n    IdentitiesOnly yes\n    BatchMode yes\n    User ${user}\n`;
    writeFileSync(join(dir, mode), configText({ program: vmssh, fdpass: mode === 'fdpass' }) + identity);
    chmodSync(join(dir, mode), 0o600);
  }
  return {
    path,
    user,
    ssh: (mode) => ['ssh', '-F', join(dir, mode)],
    config: (mode) => join(dir, mode),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function sshdConfig(dir: string): string {
  return [
    `HostKey ${join(dir, 'host')}`,
    `AuthorizedKeysFile ${join(dir, 'authorized')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'PidFile none',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');
}

function listen(path: string, [program = '', ...args]: readonly string[]): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const child = spawn(program, args, { stdio: [socket, socket, 'ignore'] });
    child.once('error', () => {});
    child.once('spawn', () => socket.destroy());
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}
