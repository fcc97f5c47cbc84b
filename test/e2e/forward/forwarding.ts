import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { begin, type Followed, follow, type Outcome, outcome, vmssh, within } from '../../helpers/run.js';
import { freePort, listening } from '../../helpers/sockets/servers.js';

/** A multiplexer as Firecracker's: "CONNECT PORT", "OK PORT", then the machine's program at that port. */
export async function multiplexer(
  path: string,
  serve: (socket: Socket, port: number) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let head = Buffer.alloc(0);
    const onData = (part: Buffer) => {
      head = Buffer.concat([head, part]);
      const end = head.indexOf(10);
      if (end < 0) return;
      socket.off('data', onData).pause();
      socket.unshift(head.subarray(end + 1));
      const [, port = ''] = /^CONNECT (\d+)$/.exec(head.subarray(0, end).toString()) ?? [];
      socket.write('OK 1073741824\n');
      serve(socket, Number(port));
    };
    socket.on('data', onData);
  });
  await listening(server, path);
  return server;
}

/** A virtual machine monitor in a process of its own, once it listens; vmm.js says how it ends. */
export async function monitor(path: string, how: 'program' | 'listener' | 'restarts'): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('vmm.js', import.meta.url));
  const child = spawn(process.execPath, [script, path, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await within('monitor', once(child.stdout.setEncoding('utf8'), 'data'));
  expect(line).toBe('listening\n');
  return child;
}

export interface Forwarding extends Pick<Followed, 'next' | 'within'> {
  readonly child: ChildProcess;
  /** Its first line: JSON, as it runs with --json. */
  readonly listening: { readonly listener: { readonly host: string; readonly port: number; path?: string } };
  readonly ended: Promise<Outcome>;
  connect(): Promise<Socket>;
}

/** vmssh forward, for this test. */
export function start(args: readonly string[], env = process.env) {
  const child = begin([...vmssh, 'forward', ...args], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export async function forwarding(args: readonly string[], env = process.env): Promise<Forwarding> {
  const child = start(['--json', ...args], env);
  const followed = follow(child);
  const ended = outcome(child);
  const listening = (await followed.next()) as unknown as Forwarding['listening'];
  return { child, listening, ...followed, ended, connect: () => connectTo(listening.listener) };
}

/** Connected, half-open at its end. */
export async function connectTo(to: { host: string; port: number; path?: string }): Promise<Socket> {
  const { host, port, path } = to;
  const socket = createConnection({ ...(path ? { path } : { host, port }), allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await within('connection', once(socket, 'connect'));
  return socket;
}

/** How it ended: by an end-of-file, or by an error's code. */
export async function endOf(socket: Socket): Promise<string> {
  socket.resume();
  return within(
    'end of the connection',
    Promise.race([
      once(socket, 'end').then(() => 'end'),
      new Promise<string>((resolve) =>
        socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code)),
      ),
    ]),
  );
}

export async function readToEnd(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part)).resume();
  await within('end of the connection', once(socket, 'end'), () => `${Buffer.concat(parts)}`.slice(0, 1000));
  return Buffer.concat(parts);
}

/** A command that systemd-socket-activate starts for the first client of a unix socket, else of a free port of loopback, once it listens. */
export async function activated(command: readonly string[], path?: string) {
  const port = await freePort();
  const place = path ?? `127.0.0.1:${port}`;
  const child = spawn('systemd-socket-activate', ['-l', place, ...command], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = outcome(child);
  await within('systemd-socket-activate', once(child.stderr, 'data'));
  return { to: { host: '127.0.0.1', port, ...(path && { path }) }, ended };
}
