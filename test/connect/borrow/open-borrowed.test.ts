import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBorrowed } from '../../../src/connect/borrow/open-borrowed.js';
import { openers, openersFor } from '../../../src/connect/borrow/openers.js';
import type { Connection } from '../../../src/connect/connection.js';
import { openConnection } from '../../../src/connect/open.js';
import { missingPrograms } from '../../helpers/programs.js';
import { SocketFolder } from '../socket-folder.js';
import { standIns, toolFolder, writeProgram } from './stand-ins.js';

const native = () => ({ missing: new Error('left out') });
const vsock = { family: 'vsock', cid: 42, port: 22 } as const;
const skip = missingPrograms({ python3: 'python3', socat: 'socat' }) !== undefined;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

let folder: SocketFolder;
let opened: Connection | undefined;
beforeEach(() => {
  folder = new SocketFolder();
});
afterEach(() => {
  opened?.close();
  opened = undefined;
  folder.stop();
});

async function open(env: NodeJS.ProcessEnv, more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const options = { timeoutMs: 20_000, env, ...more };
  opened = await openConnection(vsock, options, native, 'linux');
  return opened;
}

describe.each(standIns)('a vsock opened by %s', (tool) => {
  const env = () => ({ PATH: toolFolder(folder.path, tool) });

  it.skipIf(skip)('is read without being taken, written, and closed in one direction', async () => {
    await folder.listen((socket) => {
      socket.write('SSH-2.0-x\r\n');
      let got = '';
      socket.on('data', (part) => {
        got += part;
      });
      socket.on('end', () => socket.end(`${got.length} bytes`));
    }, '42');
    const connection = await open(env());
    expect(connection).toMatchObject({ endpoint: vsock, handle: undefined, note: `, by ${tool}` });
    expect(text(await connection.peek(10, 100, 20_000))).toBe('SSH-2.0-x\r\n');
    expect(text(await connection.read(11))).toBe('SSH-2.0-x\r\n');
    await connection.write(Buffer.alloc(3_000_000, 'x'));
    connection.shutdown();
    expect(text(await connection.read(100))).toBe('3000000 bytes');
    expect(await connection.read(100)).toHaveLength(0);
  });

  it.skipIf(skip)('has the errno of a refusal', async () => {
    await folder.abandon('42');
    await expect(open(env())).rejects.toMatchObject({
      ...{ name: 'ConnectError', op: 'connect', code: 'ECONNREFUSED' },
      problem: expect.stringMatching(/nothing listens on its vsock port 22 \(ECONNREFUSED\)$/),
    });
  });
});

describe('a tool', () => {
  const bin = () => {
    mkdirSync(folder.at('bin'), { recursive: true });
    return folder.at('bin');
  };
  const program = (name: string, script: string) => writeProgram(join(bin(), name), script);
  const env = () => ({ PATH: bin() });

  // What each says for a vsock.
  it.each([
    { name: 'python3', says: 'vmssh errno ENODEV' },
    {
      name: 'socat',
      says: '2026/11/23 02:08:27 socat[7] E connect(5, AF=40 cid:42 port:22, 16): No such device',
    },
  ])('$name reports what the addon would', async ({ name, says }) => {
    program(name, `echo '${says}' >&2; exit 1`);
    await expect(open(env())).rejects.toMatchObject({
      ...{
        op: 'connect',
        code: 'ENODEV',
        problem: expect.stringMatching(/^no running machine has this CID/),
      },
    });
  });

  it('has the language of its messages set', async () => {
    program('socat', 'echo "E x: $LC_ALL" >&2; [ "$LC_ALL" = C ] && echo " E x: Broken pipe" >&2; exit 1');
    await expect(open({ ...env(), LC_ALL: 'de_DE.UTF-8' })).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it.skipIf(skip)('that cannot open a vsock is passed over', async () => {
    await folder.listen((socket) => socket.end('hello'), '42');
    program('python3', 'echo "pyenv: python3: command not found" >&2; exit 127');
    program('socat', `exec ${join(toolFolder(folder.path, 'socat'), 'socat')} "$@"`);
    const connection = await open(env());
    expect(connection.note).toBe(', by socat');
    expect(text(await connection.read(5))).toBe('hello');
  });

  it('is looked for as long as there is one, and then it says what to install', async () => {
    await expect(open(env())).rejects.toMatchObject({
      code: 'NO_ADDON',
      problem: 'vsock needs the native addon, or python3 or socat on this host. left out',
      hint: expect.stringMatching(/^apt-get install python3; /),
    });
    program('socat', 'echo "unknown device/address \\"VSOCK-CONNECT\\"" >&2; exit 1');
    await expect(open(env())).rejects.toMatchObject({
      code: 'NO_ADDON',
      problem: expect.stringContaining('/socat: unknown device/address "VSOCK-CONNECT"'),
    });
  });

  it('that gives no answer in time is ended', async () => {
    program('python3', `echo $$ >'${folder.at('pid')}'; exec sleep 60`.replace('sleep', '/bin/sleep'));
    await expect(open(env(), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('is ended by an abort', async () => {
    const abort = new AbortController();
    program('python3', 'exec /bin/sleep 60');
    const opening = open(env(), { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.skipIf(skip)('that loses the machine is no end-of-file', async () => {
    program('python3', 'echo "vmssh by python3" >&2; printf half; echo "vmssh lost ECONNRESET" >&2; exit 1');
    const connection = await open(env());
    expect(text(await connection.read(4))).toBe('half');
    await expect(connection.read(4)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('passes a socket to ssh, or it is not asked to', async () => {
    const passing: string[] = [];
    for (const { name, uses } of openers) if (uses.includes('pass')) passing.push(name);
    expect(passing).toEqual(['python3', 'systemd-ssh-proxy']);
    const options = { timeoutMs: 20_000, env: env(), stdio: 'pass' } as const;
    program('socat', 'exit 0');
    const none = (use: 'pipe' | 'relay' | 'pass', where: NodeJS.ProcessEnv) =>
      openersFor(use, where, undefined, openers.slice(0, 3));
    await expect(openBorrowed(vsock, options, new Error('left out'), none)).rejects.toMatchObject({
      code: 'NO_ADDON',
      problem: expect.stringContaining('python3 or systemd-ssh-proxy'),
    });
  });
});
