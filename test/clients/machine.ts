import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../helpers/programs.js';
import { sshdConfig } from '../helpers/sshd.js';

/** A real sshd at port 22 of a multiplexer such as Firecracker's, which can be switched off and on. */
export class Machine {
  readonly name: string;
  /** Its keys, and its files. */
  readonly dir: string;
  readonly user = userInfo().username;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  /** The login key is the one in `keys`. */
  constructor(name: string, dir: string, keys: string) {
    this.name = name;
    this.dir = join(dir, name);
    mkdirSync(join(this.dir, 'bin'), { recursive: true });
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.dir, 'host')]);
    writeFileSync(join(this.dir, 'authorized'), readFileSync(join(keys, 'id.pub')));
    writeFileSync(join(this.dir, 'where'), `this is ${name}\n`);
    const own = [
      `SetEnv MACHINE=${name} PATH=${join(this.dir, 'bin')}:/usr/bin:/bin`,
      `Subsystem sftp internal-sftp -d ${this.dir}`,
      'MaxStartups 1000',
      '',
    ];
    const common = sshdConfig(this.dir).replace(/^Subsystem.*\n/m, '');
    writeFileSync(join(this.dir, 'sshd_config'), common + own.join('\n'));
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  }

  get target(): string {
    return `vsock-mux${this.#path}`;
  }

  get #path(): string {
    return join(this.dir, 'v.sock');
  }

  /** "ssh-ed25519 AAAA…" */
  get hostKey(): string {
    return readFileSync(join(this.dir, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ').trim();
  }

  async start(): Promise<this> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server = server.listen(this.#path);
    await once(server, 'listening');
    return this;
  }

  /** Breaks its connections, and removes its socket. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    for (const socket of this.#sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    let head = '';
    const onData = (part: Buffer) => {
      head += part.toString('latin1');
      if (!head.includes('\n')) return;
      socket.off('data', onData).pause();
      if (head !== 'CONNECT 22\n') return void socket.destroy();
      socket.write('OK 1073741824\n', () => this.#login(socket));
    };
    socket.on('data', onData);
  }

  /** By pipes: what dies with the machine is the connection. */
  #login(socket: Socket): void {
    const sshd = findProgram('sshd') ?? 'sshd';
    const child = spawn(sshd, ['-i', '-f', join(this.dir, 'sshd_config')], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => {});
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    socket.once('close', () => child.kill());
  }
}
