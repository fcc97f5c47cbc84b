import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { lacks } from '../helpers/programs.js';
import { vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults } from './fault.js';

const dir = useTempDir();
let count = 0;

const moments: Readonly<Record<string, (socket: Socket, now: () => void) => void>> = {
  'while its proxy connects': (_socket, now) => now(),
  'while its proxy waits for an answer': (socket, now) => void socket.once('data', now),
  'while its proxy waits for a banner': (socket, now) =>
    void socket.once('data', () => {
      socket.write('OK 1024\n');
      now();
    }),
  'while it waits for a banner': (socket, now) =>
    void socket.once('data', () => {
      socket.write('OK 1024\n');
      // ssh sends its own banner at once.
      socket.once('data', now);
    }),
  'while it waits for a key': (socket, now) =>
    void socket.once('data', () => {
      socket.write('OK 1024\nSSH-2.0-x\r\n');
      let sent = '';
      socket.on('data', (bytes) => {
        sent += bytes.toString('latin1');
        if (sent.includes('curve25519')) now();
      });
    }),
};

/** Those at which ssh has no connection yet. */
const early = Object.keys(moments).slice(0, 3);

/** A real ssh with vmssh as its proxy. If that were left, it would hold stderr, and the test would not end. */
function killed(moment: string, signal: NodeJS.Signals, fdpass: boolean): Fault {
  const file = join(dir, `${++count}`);
  let struck = false;
  const way = fdpass ? 'passing' : 'relaying';
  return {
    name: `ssh, its proxy ${way}: ${signal} ${moment}`,
    peer: (socket) =>
      moments[moment]?.(socket, () => {
        if (!struck) process.kill(Number(readFileSync(file, 'utf8')), signal);
        struck = true;
      }),
    command: (socket) => {
      const proxy = [
        ...vmssh,
        'proxy',
        ...(fdpass ? ['--fdpass'] : []),
        // With it the proxy waits for a banner itself.
        ...(early.includes(moment) ? ['--timeout', '60'] : []),
        `vsock-mux${socket}`,
      ];
      const proxyCommand = [...proxy, '22'].join(' ');
      return [
        ...['sh', '-c', `echo $$ >"${file}"; exec "$@"`, 'sh', 'ssh', '-TF', 'none'],
        ...['-o', `ProxyUseFdpass=${fdpass ? 'yes' : 'no'}`, '-o', `ProxyCommand=${proxyCommand}`],
        ...['-o', 'BatchMode=yes', '-o', 'UserKnownHostsFile=/dev/null', 'machine'],
      ];
    },
    ends: signal,
    says: /^(vmssh: .*ssh went away before the connection was made.*\n(hint: .*\n)?)?$/,
  };
}

const endings = ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT'] as const;
const rows = [
  ...Object.keys(moments).map((moment) => ({ moment, fdpass: false })),
  ...(missingAddon() ? [] : early.map((moment) => ({ moment, fdpass: true }))),
];

describe.skipIf(lacks('ssh'))('an ssh that is killed', () =>
  faults(
    'ssh is killed (`vsock-mux/…`)',
    Object.fromEntries(
      rows
        .flatMap(({ moment, fdpass }) => endings.map((signal) => killed(moment, signal, fdpass)))
        .map(({ name, ...row }) => [name, row]),
    ),
  ),
);
