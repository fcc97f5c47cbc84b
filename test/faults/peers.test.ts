import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe } from 'vitest';
import { vmssh } from '../helpers/run.js';
import { endlessly } from '../helpers/sockets/servers.js';
import { type Fault, faults, type Rows } from './fault.js';

const million = 1 << 20;

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
const banners: Rows = {
  'accepts and stays silent': { peer: () => {}, says: /no SSH banner|did not|no banner/i },
  'closes at once': { peer: (socket) => socket.destroy(), says: /closed/ },
  'sends one byte and stays silent': { peer: (socket) => socket.write('S'), says: /banner/i },
  'sends half a banner and closes': { peer: (socket) => socket.end('SSH-2.0-Op'), says: /closed|banner/i },
  'sends its banner byte by byte': {
    peer: (socket) => byBytes(socket, 'SSH-2.0-slow\r\n'),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-slow\n$/,
  },
  'sends a byte now and then, without end': {
    peer: (socket) => {
      const send = setInterval(() => socket.write('x'), 100);
      socket.once('close', () => clearInterval(send));
    },
    says: /no SSH banner/,
  },
  'sends binary garbage': {
    peer: (socket) => socket.end(Buffer.alloc(4096, 0xff)),
    says: /not an SSH server|banner/i,
  },
  'answers HTTP': {
    peer: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    says: /not an SSH server|banner|HTTP/i,
  },
  'sends an endless line': { peer: (socket) => endlessly(socket, 'x'.repeat(million)) },
  'sends endless lines before a banner': { peer: (socket) => endlessly(socket, 'welcome\r\n') },
  'sends endless zero bytes': { peer: (socket) => endlessly(socket, '\0'.repeat(million)) },
  'sends escapes and bidi controls in place of a banner': { peer: (socket) => socket.end(steering) },
  'sends escapes in its banner': {
    peer: (socket) => socket.end(`SSH-2.0-${steering}`),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-\\x1b\]0;owned\\x07/,
  },
  'speaks SSH 1': { peer: (socket) => socket.end('SSH-1.5-old\r\n'), says: /SSH-1\.5|banner|SSH/ },
};

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
  faults(
    'a peer asked for its banner (`nc --banner`)',
    {
      ...banners,
      'reboots, and is waited for (`--wait`)': {
        peer: reboots(),
        command: (socket) => [...vmssh, 'nc', '--banner', '--wait=15', `unix${socket}`],
        ends: 0,
        says: '',
        prints: /^SSH-2\.0-up\n$/,
      },
    },
    {
      command: (socket) => [...vmssh, 'nc', '--banner', '--timeout', '1', `unix${socket}`],
      ends: 3,
      says: /banner|SSH/,
    },
  ));

const multiplexers: Rows = {
  'accepts and stays silent': { peer: () => {}, says: /did not answer in time \(E/ },
  'closes at once': { peer: (socket) => socket.destroy(), says: /closed the connection/ },
  'closes when it is asked': {
    peer: (socket) => socket.once('data', () => socket.destroy()),
    says: /closed the connection/,
  },
  'closes with the question unread': { peer: reset, says: /closed the connection/ },
  'closes within its answer': { peer: (socket) => socket.end('OK 10'), says: /closed the connection/ },
  'answers byte by byte': {
    peer: (socket) => socket.once('data', () => byBytes(socket, 'OK 1024\nSSH-2.0-x\r\n')),
    ends: 0,
    says: '',
    prints: /^SSH-2\.0-x\r\n$/,
  },
  'resets within its answer': {
    peer: (socket) => {
      socket.pause();
      socket.once('readable', () => socket.write('O', () => socket.destroy()));
    },
    says: /closed the connection|ECONNRESET/,
  },
  'answers with an error': { peer: (socket) => socket.end('ERR 5\n') },
  'answers OK without a number': { peer: (socket) => socket.end('OK\n') },
  'answers with garbage': { peer: (socket) => socket.end(Buffer.alloc(4096, 0xfe)) },
  'answers with escapes': { peer: (socket) => socket.end(steering) },
  'answers with an endless line': { peer: (socket) => endlessly(socket, 'O'.repeat(million)) },
  'answers with an endless number': {
    peer: (socket) => {
      socket.write('OK ');
      endlessly(socket, '1'.repeat(million));
    },
  },
};

describe('a multiplexer', () =>
  faults('a multiplexer (`proxy vsock-mux/…`)', multiplexers, {
    command: (socket) => [...vmssh, 'proxy', '--timeout', '1', `vsock-mux${socket}`, '22'],
    ends: 1,
    says: /not a vsock multiplexer/,
  }));

const relayed: Rows = {
  'closes at once': { peer: (socket) => socket.destroy() },
  'sends and closes': { peer: (socket) => socket.end('bytes', () => socket.destroy()), prints: /^bytes$/ },
  'resets, as a machine that is switched off does': {
    // What is closed with bytes that nobody has read is reset.
    peer: (socket) => socket.once('data', () => socket.destroy()),
    options: { input: Buffer.alloc(4 << 20), keepOpen: true },
    ends: 1,
    says: /connection lost/,
  },
  'is suspended, and carries on': {
    peer: suspended,
    options: { input: 'hello', keepOpen: true },
    prints: /^hello$/,
  },
};

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
  faults('a machine (`proxy`)', relayed, {
    command: (socket) => [...vmssh, 'proxy', `unix${socket}`, '22'],
  }));
