import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe } from 'vitest';
import { vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults } from './fault.js';

const dir = useTempDir();
let count = 0;

/** A proxy by a multiplexer that writes its process id to a file; `strike` gets the id once the peer is at its moment. */
function atMoment(moment: keyof typeof moments, strike: (pid: number, socket: Socket) => void) {
  const file = join(dir, `${++count}`);
  return {
    peer: (socket: Socket) =>
      moments[moment](socket, () => strike(Number(readFileSync(file, 'utf8')), socket)),
    command: (socket: string) => [
      ...['sh', '-c', `echo $$ >"${file}"; exec "$@"`, 'sh', ...vmssh],
      ...['proxy', '--timeout', '15', `vsock-mux${socket}`, '22'],
    ],
    options: { input: 'hello', keepOpen: true } as const,
  };
}

const moments = {
  'while it connects': (_socket: Socket, now: () => void) => now(),
  'while it waits for an answer': (socket: Socket, now: () => void) => void socket.once('data', now),
  // What is on stdin comes through only then.
  'while it relays': (socket: Socket, now: () => void) => {
    socket.once('data', () => {
      socket.write('OK 1024\nSSH-2.0-x\r\n');
      socket.once('data', now);
    });
  },
};

const endings = ['SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGINT'] as const;

const rows = (Object.keys(moments) as (keyof typeof moments)[]).flatMap((moment) =>
  endings.map((signal): Fault => {
    const relays = moment === 'while it relays';
    const isIgnored = relays && signal === 'SIGINT';
    const strike = (pid: number, socket: Socket) => {
      process.kill(pid, signal);
      if (isIgnored) socket.end(' and on', () => socket.destroy());
    };
    return {
      name: `${signal} ${moment}${isIgnored ? ': it carries on' : ''}`,
      ...atMoment(moment, strike),
      ends: isIgnored ? 0 : signal,
      says: '',
      ...(relays ? { prints: isIgnored ? /^SSH-2\.0-x\r\n and on$/ : /^(SSH-2\.0-x\r\n)?$/ } : {}),
    };
  }),
);

describe('a signal', () =>
  faults('signals (`proxy vsock-mux/…`)', {
    ...Object.fromEntries(rows.map(({ name, ...row }) => [name, row])),
    'SIGSTOP and SIGCONT while it relays: it carries on': {
      ...atMoment('while it relays', (pid, socket) => {
        process.kill(pid, 'SIGSTOP');
        socket.end(' and on', () => {
          process.kill(pid, 'SIGCONT');
          socket.destroy();
        });
      }),
      prints: /^SSH-2\.0-x\r\n and on$/,
    },
  }));
