import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe } from 'vitest';
import { vmssh } from '../helpers/run.js';
import { type Fault, faults } from './fault.js';

const million = 1 << 20;

/** Writes it again and again, for as long as somebody reads. */
function endlessly(socket: Socket, part: string): void {
  socket.write(part, (error) => error ?? endlessly(socket, part));
}

/** One byte at a time, each by a write of its own; closes after the last. */
function byBytes(socket: Socket, text: string): void {
  const [first, rest] = [text.slice(0, 1), text.slice(1)];
  if (first === '') socket.destroy();
  else socket.write(first, () => setImmediate(() => byBytes(socket, rest)));
}

/** Closes with what was sent to it unread: a reset. */
function reset(socket: Socket): void {
  socket.pause();
  socket.once('readable', () => socket.destroy());
}

const steering = '\x1b]0;owned\x07\u202etxt.exe\u2066\x9b31m\r\n';

/** What `vsock-nc --banner` does with a peer that is no sshd. */
const banners: readonly (Omit<Fault, 'command'> & { readonly timeout?: string })[] = [
  { name: 'accepts and stays silent', peer: () => {}, ends: 3, says: /no SSH banner|did not|no banner/i },
  { name: 'closes at once', peer: (socket) => socket.destroy(), ends: 3, says: /closed/ },
  { name: 'sends one byte and stays silent', peer: (socket) => socket.write('S'), ends: 3, says: /banner/i },
  {
    name: 'sends half a banner and closes',
    peer: (socket) => socket.end('SSH-2.0-Op'),
    ends: 3,
    says: /closed|banner/i,
  },
  {
    name: 'sends its banner byte by byte',
    peer: (socket) => byBytes(socket, 'SSH-2.0-slow\r\n'),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-slow\n$/,
  },
  {
    name: 'sends a byte now and then, without end',
    peer: (socket) => {
      const send = setInterval(() => socket.write('x'), 100);
      socket.once('close', () => clearInterval(send));
    },
    ends: 3,
    says: /no SSH banner/,
  },
  {
    name: 'sends binary garbage',
    peer: (socket) => socket.end(Buffer.alloc(4096, 0xff)),
    ends: 3,
    says: /not an SSH server|banner/i,
  },
  {
    name: 'answers HTTP',
    peer: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ends: 3,
    says: /not an SSH server|banner|HTTP/i,
  },
  {
    name: 'sends an endless line',
    peer: (socket) => endlessly(socket, 'x'.repeat(million)),
    ends: 3,
    says: /banner|SSH/,
  },
  {
    name: 'sends endless lines before a banner',
    peer: (socket) => endlessly(socket, 'welcome\r\n'),
    ends: 3,
    says: /banner|SSH/,
  },
  {
    name: 'sends endless zero bytes',
    peer: (socket) => endlessly(socket, '\0'.repeat(million)),
    ends: 3,
    says: /banner|SSH/,
  },
  {
    name: 'sends escapes and bidi controls in place of a banner',
    peer: (socket) => socket.end(steering),
    ends: 3,
    says: /banner|SSH/,
  },
  {
    name: 'sends escapes in its banner',
    peer: (socket) => socket.end(`SSH-2.0-${steering}`),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-\\x1b\]0;owned\\x07/,
  },
  {
    name: 'speaks SSH 1',
    peer: (socket) => socket.end('SSH-1.5-old\r\n'),
    ends: 3,
    says: /SSH-1\.5|banner|SSH/,
  },
];

/** As a machine that reboots: nothing is there at first, then what answers is not up, and at last its sshd is. */
function reboots(): NonNullable<Fault['peer']> {
  let boots = 0;
  return (socket) => {
    boots++;
    if (boots < 3) socket.destroy();
    else if (boots < 5) socket.end('starting');
    else socket.end('SSH-2.0-up\r\n');
  };
}

describe('a peer asked for its banner', () =>
  faults('a peer asked for its banner (`nc --banner`)', [
    ...banners.map((fault) => ({
      ...fault,
      command: (socket: string) => [...vmssh, 'nc', '--banner', '--timeout', '1', `unix${socket}`],
    })),
    {
      name: 'reboots, and is waited for (`--wait`)',
      peer: reboots(),
      command: (socket) => [...vmssh, 'nc', '--banner', '--wait=15', `unix${socket}`],
      ends: 0,
      says: '',
      prints: /^SSH-2\.0-up\n$/,
    },
  ]));

const multiplexers: readonly Omit<Fault, 'command'>[] = [
  { name: 'accepts and stays silent', peer: () => {}, ends: 1, says: /did not answer in time \(E/ },
  { name: 'closes at once', peer: (socket) => socket.destroy(), ends: 1, says: /closed the connection/ },
  {
    name: 'closes when it is asked',
    peer: (socket) => socket.once('data', () => socket.destroy()),
    ends: 1,
    says: /closed the connection/,
  },
  { name: 'closes with the question unread', peer: reset, ends: 1, says: /closed the connection/ },
  {
    name: 'closes within its answer',
    peer: (socket) => socket.end('OK 10'),
    ends: 1,
    says: /closed the connection/,
  },
  {
    name: 'answers byte by byte',
    peer: (socket) => socket.once('data', () => byBytes(socket, 'OK 1024\nSSH-2.0-x\r\n')),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-x\r\n$/,
  },
  {
    name: 'resets within its answer',
    peer: (socket) => {
      socket.pause();
      socket.once('readable', () => socket.write('O', () => socket.destroy()));
    },
    ends: 1,
    says: /closed the connection|ECONNRESET/,
  },
  {
    name: 'answers with an error',
    peer: (socket) => socket.end('ERR 5\n'),
    ends: 1,
    says: /not a vsock multiplexer/,
  },
  {
    name: 'answers OK without a number',
    peer: (socket) => socket.end('OK\n'),
    ends: 1,
    says: /not a vsock multiplexer/,
  },
  {
    name: 'answers with garbage',
    peer: (socket) => socket.end(Buffer.alloc(4096, 0xfe)),
    ends: 1,
    says: /not a vsock multiplexer/,
  },
  {
    name: 'answers with escapes',
    peer: (socket) => socket.end(steering),
    ends: 1,
    says: /not a vsock multiplexer/,
  },
  {
    name: 'answers with an endless line',
    peer: (socket) => endlessly(socket, 'O'.repeat(million)),
    ends: 1,
    says: /not a vsock multiplexer/,
  },
  {
    name: 'answers with an endless number',
    peer: (socket) => {
      socket.write('OK ');
      endlessly(socket, '1'.repeat(million));
    },
    ends: 1,
    says: /not a vsock multiplexer/,
  },
];

describe('a multiplexer', () =>
  faults(
    'a multiplexer (`proxy vsock-mux/…`)',
    multiplexers.map((fault) => ({
      ...fault,
      command: (socket) => [...vmssh, 'proxy', '--timeout', '1', `vsock-mux${socket}`, '22'],
    })),
  ));

const relayed: readonly Omit<Fault, 'command'>[] = [
  { name: 'closes at once', peer: (socket) => socket.destroy(), ends: 0, says: '' },
  {
    name: 'sends and closes',
    peer: (socket) => socket.end('bytes', () => socket.destroy()),
    ends: 0,
    says: '',
    prints: /^bytes$/,
  },
  {
    name: 'resets, as a machine that is switched off does',
    // What is closed with bytes that nobody has read is reset.
    peer: (socket) => socket.once('data', () => socket.destroy()),
    options: { input: Buffer.alloc(4 << 20), keepOpen: true },
    ends: 1,
    says: /connection lost/,
  },
  {
    name: 'is suspended, and carries on',
    peer: suspended,
    options: { input: 'hello', keepOpen: true },
    ends: 0,
    says: '',
    prints: /^hello$/,
  },
];

/** What answers is a process that is stopped as the bytes come, and carried on with. */
function suspended(socket: Socket): void {
  const guest = spawn('sh', ['-c', 'kill -STOP $$; exec head -c 5'], { stdio: ['pipe', 'pipe', 'inherit'] });
  guest.stdout.pipe(socket);
  socket.once('data', (data) => {
    guest.stdin.write(data);
    const look = setInterval(() => {
      if (!/^\d+ \(sh\) T/.test(readFileSync(`/proc/${guest.pid}/stat`, 'utf8'))) return;
      clearInterval(look);
      guest.kill('SIGCONT');
    }, 20);
  });
  guest.once('close', () => socket.destroy());
}

describe('a machine', () =>
  faults(
    'a machine (`proxy`)',
    relayed.map((fault) => ({ ...fault, command: (socket) => [...vmssh, 'proxy', `unix${socket}`, '22'] })),
  ));
