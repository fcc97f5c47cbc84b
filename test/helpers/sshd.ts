import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { configText } from '../../src/hosts/text.js';
import { findProgram } from './programs.js';
import { vmssh } from './run.js';
import { skip } from './skips.js';

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

/** Why sshd cannot give a terminal here, with the remedy: it may not change the group of an ordinary user's. Undefined if it can. */
export function missingTerminal(): string | undefined {
  if (process.getuid?.() === 0) return undefined;
  const mounted = readFileSync('/proc/mounts', 'utf8').split('\n');
  if (mounted.some((line) => line.includes(' /dev/pts ') && line.includes('gid=5'))) return undefined;
  return skip('a terminal of sshd needs root, or: mount -o remount,gid=5,mode=620 /dev/pts');
}

/** The folder that sshd needs if root starts it. Only systemd makes it, not Debian's package. */
export function makePrivsepFolder(): void {
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
}

/** What is known of the one at `dir/NAME` before it is started. */
export function sshdIn(dir: string, name = 'ssh.sock'): Omit<SshdOnSocket, 'close'> {
  return {
    path: join(dir, name),
    user: userInfo().username,
    ssh: (mode) => ['ssh', '-F', join(dir, mode)],
    config: (mode) => join(dir, mode),
  };
}

/** Makes keys and configuration in `dir`, and listens at `dir/NAME`. */
export async function startSshd(dir: string, name?: string): Promise<SshdOnSocket> {
  const sshd = sshdIn(dir, name);
  for (const key of ['host', 'id'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
  writeFileSync(join(dir, 'authorized'), readFileSync(join(dir, 'id.pub')));
  // Else its logins have the PATH of this system, and bash reads the ~/.bashrc of whoever runs the tests.
  writeFileSync(join(dir, 'sshd_config'), `${sshdConfig(dir)}SetEnv PATH=${process.env.PATH} SHLVL=1\n`);
  makePrivsepFolder();
  const server = await listen(sshd.path, dir);
  for (const mode of ['fdpass', 'relay'] as const) {
    const identity = `Host *\n    IdentityFile ${join(dir, 'id')}\n    IdentitiesOnly yes\n    BatchMode yes\n    User ${sshd.user}
    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n`;
    const own = { program: vmssh, fdpass: mode === 'fdpass', knownHosts: join(dir, 'known_hosts') };
    writeFileSync(join(dir, mode), configText(own) + identity);
    chmodSync(join(dir, mode), 0o600);
  }
  return { ...sshd, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** What a hypervisor is made of. */
export interface HypervisorMade {
  /** What its PATH has beside sh, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Runs its commands in place of the login shell, as sshd does that: SHELL -c COMMAND. */
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A hypervisor: a real sshd on a loopback port, whose commands find only the programs in `bin`. */
export interface Hypervisor {
  readonly port: number;
  readonly home: string;
  /** The folder of its PATH. */
  readonly bin: string;
  /** Its connections until now. */
  count(): number;
  close(): Promise<void>;
}

/**
 * Starts one with the keys that `startSshd` made in `keys`. */
export async function startHypervisor(
  keys: string,
  dir: string,
  { programs = {}, shell, env = {} }: HypervisorMade,
): Promise<Hypervisor> {
  const [home, bin] = [join(dir, 'home'), join(dir, 'bin')];
  for (const folder of [home, bin]) mkdirSync(folder, { recursive: true });
  for (const [name, path] of Object.entries({ sh: '/bin/sh', ...programs }))
    symlinkSync(path, join(bin, name));
  const own = [
    `SetEnv ${Object.entries({ HOME: home, PATH: bin, ...env })
      .map((pair) => pair.join('='))
      .join(' ')}`,
    ...(shell === undefined ? [] : [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`]),
    '',
  ];
  writeFileSync(join(dir, 'sshd_config'), sshdConfig(keys) + own.join('\n'));
  const server = await listen(0, dir);
  const { port } = server.address() as AddressInfo;
  let connections = 0;
  server.on('connection', () => connections++);
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port, home, bin, count: () => connections, close };
}

export function hypervisorHosts(keys: string, ports: Readonly<Record<string, number>>): string {
  const common = `Host ${Object.keys(ports).join(' ')}\n    HostName 127.0.0.1\n    User ${userInfo().username}
    IdentityFile ${join(keys, 'id')}\n    IdentitiesOnly yes\n    UserKnownHostsFile /dev/null
    StrictHostKeyChecking no\n    LogLevel ERROR\n`;
  return (
    Object.entries(ports)
      .map(([name, port]) => `Host ${name}\n    Port ${port}\n`)
      .join('') + common
  );
}

/** An sshd_config with the keys that `startSshd` made in `dir`. */
export function sshdConfig(dir: string): string {
  return [
    ...[`HostKey ${join(dir, 'host')}`, `AuthorizedKeysFile ${join(dir, 'authorized')}`, 'StrictModes no'],
    ...['UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin yes', 'PidFile none'],
    ...['Subsystem sftp internal-sftp', ''],
  ].join('\n');
}

/** With the sshd_config in `dir`. */
function listen(path: string | number, dir: string): Promise<Server> {
  const [program, args] = [findProgram('sshd') ?? 'sshd', ['-i', '-f', join(dir, 'sshd_config')]];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const child = spawn(program, args, { stdio: [socket, socket, 'ignore'] });
    child.once('error', () => {});
    child.once('spawn', () => socket.destroy());
  });
  return new Promise((resolve) =>
    (typeof path === 'number' ? server.listen(path, '127.0.0.1') : server.listen(path)).once(
      'listening',
      () => resolve(server),
    ),
  );
}
