import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { failures } from '../../../src/connect/failures/failures.js';
import { openConnection } from '../../../src/connect/open.js';
import { lacks } from '../../helpers/programs.js';
import { mux, openers, unix } from '../openers.js';
import { type SocketFolder, useSocketFolder } from '../socket-folder.js';

interface Bench {
  readonly folder: SocketFolder;
  readonly context: TestContext;
  /** Done at the end of the test, the last one first. */
  readonly cleanup: (() => void)[];
}

interface Case {
  /** One of these, by what the runtime makes of it. */
  readonly codes: readonly string[];
  readonly name: string;
  readonly timeoutMs?: number;
  /** Resolves to the path to open. */
  make(bench: Bench): Promise<string> | string;
}

/** What brings each errno of a unix socket about on a real file system. */
const cases: readonly Case[] = [
  { codes: ['ENOENT'], name: 'nothing there', make: ({ folder }) => folder.at('nothing') },
  { codes: ['ENOENT'], name: 'a link to nothing', make: ({ folder }) => link(folder, folder.at('nothing')) },
  { codes: ['ENOTDIR'], name: 'a file for a folder', make: ({ folder }) => `${file(folder)}/s` },
  { codes: ['ECONNREFUSED'], name: 'a socket without a server', make: ({ folder }) => folder.abandon() },
  { codes: ['ENOTSOCK'], name: 'a plain file', make: ({ folder }) => file(folder) },
  { codes: ['ENOTSOCK'], name: 'a folder', make: ({ folder }) => folder.path },
  { codes: ['ENAMETOOLONG'], name: '108 bytes', make: () => `/${'a'.repeat(107)}` },
  { codes: ['ENAMETOOLONG'], name: '108 bytes of two-byte letters', make: () => `/${'ü'.repeat(53)}a` },
  { codes: ['EPROTOTYPE'], name: 'a datagram socket', make: datagram },
  { codes: ['EACCES'], name: 'a socket of another user', make: (bench) => closed(bench, 0o755, 0o600) },
  { codes: ['EACCES'], name: 'a folder of another user', make: (bench) => closed(bench, 0o700, 0o666) },
  { codes: ['EAGAIN', 'ETIMEDOUT'], name: 'a full queue', timeoutMs: 50, make: crowd },
];

/** What needs a system at its end, or a security module. */
const notHere = [
  ...['EPERM', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS'],
  ...['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
];
/** What the talk with a multiplexer gives: see multiplexer.test.ts. */
const talk = ['EOF', 'ECONNRESET', 'EPIPE', 'PROTOCOL'];

describe.each(openers)('opened $how', ({ skip, native }) => {
  const folder = useSocketFolder();
  const cleanup: (() => void)[] = [];
  afterEach(() => {
    for (const undo of cleanup.splice(0).reverse()) undo();
  });

  for (const each of cases) {
    it.skipIf(skip)(`${each.name} is ${each.codes.join(' or ')}`, async (context) => {
      const path = await each.make({ folder, context, cleanup });
      for (const endpoint of [unix(path), mux(path)]) {
        const options = { timeoutMs: each.timeoutMs ?? 20_000 };
        const error = await openConnection(endpoint, options, native).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(ConnectError);
        expect(each.codes).toContain(error.code);
        const row = failures[endpoint.family].find(({ codes }) => codes.includes(error.code));
        expect(error.hint).toBe(row?.hint.replace('{address}', path));
      }
    });
  }
});

describe('the cases', () => {
  it.each(['unix', 'vsock-mux'] as const)('cover every code of %s', (family) => {
    const here = new Set([...cases.flatMap(({ codes }) => codes), ...notHere, ...talk]);
    // Those of Windows: test/windows/sockets/unix.test.ts.
    const codes = failures[family].flatMap((row) => row.codes.filter((each) => !each.startsWith('WSA')));
    expect(codes.filter((each) => !here.has(each))).toEqual([]);
  });
});

function file(folder: SocketFolder): string {
  writeFileSync(folder.at('file'), '');
  return folder.at('file');
}

function link(folder: SocketFolder, to: string): string {
  symlinkSync(to, folder.at('link'));
  return folder.at('link');
}

/** A datagram socket: Node has none, socat does. */
async function datagram({ folder, context, cleanup }: Bench): Promise<string> {
  const missing = lacks('socat');
  if (missing) context.skip(missing);
  const path = folder.at('datagram');
  const socat = spawn('socat', ['-u', '-d', '-d', '-d', `UNIX-RECV:${path}`, '-'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanup.push(() => socat.kill());
  for await (const text of socat.stderr) if (/bind|datagram|transfer/i.test(String(text))) break;
  return path;
}

/** A socket that only its owner may open, opened by somebody else. */
async function closed(
  { folder, context, cleanup }: Bench,
  folderMode: number,
  mode: number,
): Promise<string> {
  const path = await folder.listen((socket) => socket.destroy());
  chmodSync(path, mode);
  chmodSync(folder.path, folderMode);
  if (process.getuid?.() !== 0) {
    // Its owner is who runs this: what is closed to others has to be closed to them too.
    chmodSync(mode === 0o600 ? path : folder.path, 0);
    cleanup.push(() => chmodSync(folder.path, 0o700));
    return path;
  }
  if (!process.seteuid) context.skip('this worker cannot change its user: run vitest with --pool forks');
  const nobody = 65534;
  try {
    process.seteuid?.(nobody);
  } catch (error) {
    // A Node on a libuv with io_uring refuses.
    context.skip((error as Error).message);
  }
  cleanup.push(() => process.seteuid?.(0));
  return path;
}

/** A server that listens and never accepts, with its queue full. */
async function crowd({ folder, cleanup }: Bench): Promise<string> {
  const path = folder.at('crowd');
  const program = `
    const server = require('node:net').createServer();
    server.listen({ path: process.argv[1], backlog: 1 }, () => {
      require('node:fs').writeSync(1, 'listening');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const server = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup.push(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  const sockets: Socket[] = [];
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let full = false; !full; ) {
    const socket = connect({ path });
    sockets.push(socket);
    full = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    });
  }
  return path;
}
