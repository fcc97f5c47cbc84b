import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../helpers/programs.js';
import { sshdConfig } from '../../helpers/sshd.js';

/** What each hypervisor's machines are typed as there, by name. Their sockets are seen on that hypervisor only. */
export const machines = {
  socket: 'unix%run%fc%ssh.sock',
  multiplexer: 'vsock-mux%run%fc%v.sock',
  container: 'unix%run%systemd%nspawn%unix-export%web%ssh',
} as const;

export type MachineName = keyof typeof machines;

/** A port of each hypervisor's own loopback, with a machine to compare with. */
export const tcpPort = 2222;

/** The command that is a hypervisor: its first process listens at all sockets, and they end with it. */
export function hypervisor(dir: string, host: string, home: string): readonly string[] {
  const sshd = (name: string, lines: readonly string[]) => {
    const path = join(dir, host, `${name}.conf`);
    writeFileSync(path, sshdConfig(dir) + lines.join('\n'));
    return [findProgram('sshd') ?? 'sshd', '-i', '-f', path];
  };
  const machine = (name: string) => sshd(name, [`SetEnv MACHINE=${name}.${host}`, '']);
  const multiplexed = `read -r asked; [ "$asked" = 'CONNECT 22' ] || exit; echo OK 1073741824; exec "$@"`;
  const sockets = [
    { at: 22, command: sshd('own', [`SetEnv HOME=${home} PATH=/usr/sbin:/usr/bin:/sbin:/bin`, '']) },
    { at: tcpPort, command: machine('tcp') },
    { at: '/run/fc/ssh.sock', command: machine('socket') },
    { at: '/run/fc/v.sock', command: ['sh', '-c', multiplexed, 'sh', ...machine('multiplexer')] },
    { at: '/run/systemd/nspawn/unix-export/web/ssh', command: machine('container') },
  ];
  const folders = 'mkdir -p /run/sshd /run/fc /run/systemd/nspawn/unix-export/web';
  const listen = [
    process.execPath,
    fileURLToPath(new URL('machines.js', import.meta.url)),
    JSON.stringify(sockets),
  ];
  const setUp = `mount -t tmpfs -o mode=755 none /run && ${folders} && ip link set lo up && exec "$@"`;
  return [
    ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', setUp],
    ...['sh', ...listen],
  ];
}

/** Resolves once it has said something. */
export async function start([program = '', ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
    child.stdout?.once('data', () => resolve());
  });
  return child;
}
