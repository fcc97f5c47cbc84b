import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { now } from '../../../src/base/runtime.js';
import { bringCommand, sendServer } from '../../../src/connect/exec/bring.js';
import { NodeConnection } from '../../../src/connect/node-connection.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { execOf } from './container.js';

const endpoint = execOf('podman', 'web');
const environ = 'A=b\0\0end\n';
const facts = ({ uid = '1000', gid = '1000', processor = 'x86_64', entry = '', missing = '' } = {}) =>
  `vmssh bring\n${[uid, gid, processor, entry, '/bin/sh', missing].join('\n')}\n${environ}`;

it.each([
  { manager: 'nspawn', want: '$$HOME' },
  { manager: 'podman', want: '$HOME' },
] as const)('a user is no variable of $manager', ({ manager, want }) => {
  const words = bringCommand(execOf(manager, 'web'), { login: '$HOME', trust() {} });
  expect(words.at(-1)).toBe(want);
});

it('is as the own user of a container, unless another one logs in', () => {
  const words = bringCommand(endpoint, { trust() {} });
  expect(words).not.toContain('--user=0');
  expect(words.slice(-3)).toEqual(['bring', expect.stringMatching(/^[0-9a-f]{16}$/), '']);
  const ofOther = bringCommand(endpoint, { login: 'dev', trust() {} });
  expect(ofOther.slice(0, endpoint.command.length)).toEqual(endpoint.command);
  expect(ofOther).toContain('--user=0');
  expect(ofOther.at(-1)).toBe('dev');
  // The name of a folder, which nobody may know before.
  expect(ofOther.at(-2)).not.toBe(words.at(-2));
});

describe('the other end of an exec to which an sshd is brought', () => {
  const dir = useTempDir();
  let count = 0;
  const programs = async () => ({ sshd: Buffer.alloc(1 << 20) });

  /** What becomes of it if that end does `serve`. */
  async function bring(
    serve: (socket: Socket) => void,
    login?: string,
    ms = 5000,
    programsOf: (processor: string) => Promise<Record<string, Uint8Array>> = programs,
  ) {
    const path = join(dir, `${++count}.sock`);
    const server = createServer(serve);
    await once(server.listen(path), 'listening');
    const socket = connect(path);
    await once(socket, 'connect');
    const connection = new NodeConnection({ family: 'unix', path }, socket, socket);
    const trusted: string[] = [];
    const trust = ({ type }: { readonly type: string }) => void trusted.push(type);
    const result = await sendServer(connection, endpoint, { login, trust }, now() + ms, programsOf).then(
      () => ({ code: 'sent' }),
      (error) => error,
    );
    connection.close();
    server.close();
    return { code: result.code, message: result.message, hint: result.hint, trusted };
  }

  eachRow({
    closes: { serve: (socket: Socket) => socket.end(), want: {} },
    'closes in the middle': { serve: (socket: Socket) => socket.end('vmssh bring\n0\n'), want: {} },
    'prints without end': {
      serve: (socket: Socket) => {
        const flood = () => void (socket.destroyed || socket.write('x'.repeat(65536), flood));
        flood();
        socket.on('error', () => {});
      },
      want: {},
    },
    'is no number of a user': {
      serve: (socket: Socket) => socket.end(facts({ uid: '0\x1b[2J' })),
      want: { code: 'EXEC_BRING_FAILED', message: expect.stringContaining('\\x1b[2J') },
    },
    'has a user that is no number only': {
      serve: (socket: Socket) => socket.end(facts({ uid: 'x1' })),
      want: { code: 'EXEC_BRING_FAILED', message: expect.stringContaining('"x1"') },
    },
    'has a group that is no number': {
      serve: (socket: Socket) => socket.end(facts({ gid: '' })),
      want: { code: 'EXEC_BRING_FAILED' },
    },
    'has too few programs': {
      serve: (socket: Socket) => socket.end(facts({ missing: ' chmod' })),
      want: { code: 'EXEC_BRING_NO_TOOLS', message: expect.stringContaining('it lacks chmod') },
    },
    'lacks what would control a terminal': {
      serve: (socket: Socket) => socket.end(facts({ missing: ' \x1b[2J' })),
      want: { code: 'EXEC_BRING_NO_TOOLS', message: expect.not.stringContaining('\x1b') },
    },
    'has no such user': {
      serve: (socket: Socket) => socket.end(facts({ uid: '0', gid: '0' })),
      login: 'dev',
      want: { code: 'EXEC_BRING_NO_USER', message: expect.stringContaining('its /etc/passwd has no "dev"') },
    },
    'is not root, and another user is to log in': {
      serve: (socket: Socket) => socket.end(facts({ entry: 'dev:x:1001:1001::/home/dev:/bin/sh' })),
      login: 'dev',
      want: { code: 'EXEC_BRING_NO_USER', message: expect.stringContaining('runs as its user 1000') },
    },
  })('$name', async ({ serve, login, want }) => {
    expect(await bring(serve, login)).toMatchObject({ trusted: [], ...want });
  });

  it('gets each file once it asks for it, and nothing else', async () => {
    const got = new Map<string, string>();
    const asked = ['sshd', 'passwd', 'config', 'key'];
    const long = `B=${'x'.repeat(65536)}`;
    const serve = (socket: Socket) => {
      let input = Buffer.alloc(0);
      let next = -1;
      const ask = () => socket.write(`${asked[++next] ?? 'started'}\n`);
      socket.write(`vmssh bring\n1000\n100\nx86_64\n\n/bin/sh\n\nHOME=/home/app\0A=1\0${long}\0end\n`);
      socket.on('data', (part) => {
        input = Buffer.concat([input, part]);
        const line = input.indexOf('\n') + 1;
        if (next < 0) {
          if (line === 0) return;
          got.set('go', input.toString());
          input = Buffer.alloc(0);
          socket.write('/run /proc/1/cwd\n');
          ask();
          return;
        }
        const size = Number(input.toString('latin1', 0, line));
        if (line === 0 || input.length < line + size) return;
        expect(input.length).toBe(line + size);
        got.set(asked[next] ?? '', input.toString('latin1', line));
        input = Buffer.alloc(0);
        ask();
      });
    };
    expect(await bring(serve)).toMatchObject({ code: 'sent', trusted: ['ssh-ed25519'] });
    expect([...got.keys()]).toEqual(['go', ...asked]);
    expect(got.get('sshd')).toHaveLength(1 << 20);
    expect(got.get('passwd')).toBe('1000:x:1000:100::/home/app:/bin/sh\n');
    expect(got.get('config')).toMatch(/^HostKey \/proc\/1\/cwd\/key\n.*\nSetEnv "A=1"\n$/s);
    expect(got.get('key')).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  });

  /** All that the other end gets if it says this, and at once that it is ready for each file. */
  async function sentTo(says: string, login?: string): Promise<string> {
    let got = '';
    const closed = new EventEmitter();
    const whole = once(closed, 'close');
    const answer = (socket: Socket) => {
      socket.on('close', () => closed.emit('close')).on('error', () => {});
      socket.setEncoding('latin1').on('data', (text) => {
        got += text;
      });
      socket.write(`${says}/run /proc/12345/cwd\nsshd\npasswd\nconfig\nkey\nstarted\n`, 'latin1');
    };
    const small = async () => ({ sshd: Buffer.from('program') });
    expect(await bring(answer, login, 5000, small)).toMatchObject({ code: 'sent', trusted: ['ssh-ed25519'] });
    await whole;
    return got;
  }

  it.each([
    { name: 'whole', environ: 'A=b\0C=d\0\0end\n', want: 'SetEnv "A=b" "C=d"\n' },
    { name: 'cut off, without the last variable', environ: 'A=b\0C=d\0end\n', want: 'SetEnv "A=b"\n' },
    { name: 'that cannot be read', environ: '\0end\n', want: undefined },
    { name: 'that is not UTF-8', environ: 'A=\xe4\0\0end\n', want: 'SetEnv "A=\xe4"\n' },
  ])('gives an environment $name', async ({ environ, want }) => {
    const got = await sentTo(facts().replace('A=b\0\0end\n', environ));
    expect(/^SetEnv .*\n/m.exec(got)?.[0]).toBe(want);
  });

  it.each([
    { name: 'no folder', says: 'no folder\n', code: 'EXEC_BRING_NO_FOLDER' },
    { name: 'a folder with a line for sshd', says: '/run/x /x Port\n', code: 'EXEC_BRING_NO_FOLDER' },
    { name: 'a folder after something else', says: 'x/run /x\n', code: 'EXEC_BRING_NO_FOLDER' },
    { name: 'no room', says: '/run /x\nno room unlimited\n', code: 'EXEC_BRING_NO_ROOM' },
    {
      ...{ name: 'a limit for files', says: '/run /x\nno room 8\n', code: 'EXEC_BRING_NO_ROOM' },
      hint: 'raise it: --ulimit fsize=-1',
    },
    { name: 'that it wants a program, and reads nothing', says: '/run /x\nsshd\n', code: undefined },
    { name: 'nothing more, and reads nothing', says: '', code: undefined },
  ])('says $name', async (row) => {
    const { says, code } = row;
    const serve = (socket: Socket) => {
      socket.write(facts() + says);
      socket.on('error', () => {});
      socket.pause();
    };
    const ms = code === undefined ? 300 : 5000;
    const want = code === undefined ? {} : { hint: 'hint' in row ? row.hint : expect.anything() };
    expect(await bring(serve, undefined, ms)).toMatchObject({ code, trusted: [], ...want });
  });

  eachRow({
    'the one who logs in, where root starts it': {
      serve: { uid: '0', gid: '0', entry: 'dev:secret:1001:100:Dev:/home/dev:/bin/zsh' },
      login: 'dev',
      want: 'dev:x:1001:100::/home/dev:/bin/sh\n',
    },
    'the one who runs there': {
      serve: { entry: 'app:x:1000:1000:App:/srv:/bin/false' },
      want: 'app:x:1000:1000::/srv:/bin/sh\n',
    },
    'one who logs in by himself': {
      serve: { entry: 'app:x:1000:1000:App:/srv:/bin/false' },
      login: 'app',
      want: 'app:x:1000:1000::/srv:/bin/sh\n',
    },
    'one of whom nothing is known': { serve: {}, want: '1000:x:1000:1000::/:/bin/sh\n' },
  })('is told whom to let in: $name', async ({ serve, login, want }) => {
    const got = await sentTo(facts(serve).replace(environ, 'MYHOME=/no\0\0end\n'), login);
    expect(got.startsWith(`go\n7\nprogram${want.length}\n${want}`)).toBe(true);
    expect(got).toContain('HostKey /proc/12345/cwd/key\n');
  });

  it.each([
    { processor: 'x86_64', code: 'EXEC_BRING_NONE' },
    { processor: 'riscv64', code: 'EXEC_BRING_NONE' },
  ])('gets none if there is none for $processor', async ({ processor, code }) => {
    const none = () => Promise.reject(new Error('none here'));
    const serve = (socket: Socket) => socket.end(facts({ processor }));
    expect(await bring(serve, undefined, 5000, none)).toMatchObject({
      ...{ code, trusted: [], message: expect.stringContaining(': none here') },
    });
  });

  it.each([
    { name: 'at once', says: 'no room\n' },
    { name: 'at the end', says: 'sshd\npasswd\nconfig\nkey\nno room\n' },
  ])('is named with the folder that is full $name', async ({ says }) => {
    const serve = (socket: Socket) => {
      socket.on('error', () => {});
      socket.write(`${facts()}/dev/shm/x /x\n${says}`);
      socket.resume();
    };
    expect(await bring(serve)).toMatchObject({
      ...{ code: 'EXEC_BRING_NO_ROOM', message: expect.stringContaining('/dev/shm/x is full'), trusted: [] },
    });
  });
});
