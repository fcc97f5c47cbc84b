import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Addon, Handle } from 'node-hvsock-native';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { peerUser, peerUsers } from '../../../src/commands/forward/peer-user.js';
import type { TcpEnd } from '../../../src/commands/forward/session.js';

const missing = process.platform === 'linux' ? undefined : 'only Linux has /proc/net/tcp';

describe.skipIf(missing)(`the user at the other end of a loopback connection${missing ?? ''}`, () => {
  let server: Server;
  let own: TcpEnd;
  beforeAll(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    own = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  });
  afterAll(() => void server.close());

  /** Our end of the next connection. */
  const accepted = async (): Promise<{ socket: Socket; peer: TcpEnd }> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return { socket, peer: { host: '127.0.0.1', port: socket.remotePort ?? 0 } };
  };

  it.each([
    { how: 'over IPv4', host: '127.0.0.1' },
    { how: 'over IPv6, by a mapped address', host: '::ffff:127.0.0.1' },
  ])('is found $how', async ({ host }) => {
    const next = accepted();
    const client = createConnection({ host, port: own.port });
    onTestFinished(() => void client.destroy());
    const { peer } = await next;
    expect(await peerUsers()(own, peer)).toBe(process.getuid?.());
  });

  it('is not known any more when the client has gone: a closed socket would count as root’s', async () => {
    const next = accepted();
    const client = createConnection({ host: own.host, port: own.port });
    const { socket, peer } = await next;
    socket.pause();
    client.write('sent before the end');
    client.destroy();
    await once(client, 'close');
    expect(await peerUsers()(own, peer)).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)('is another user’s (skipped unless root)', async () => {
    const next = accepted();
    const code = `require('net').connect(${own.port}, '127.0.0.1').on('connect', () => setInterval(() => {}, 1e6))`;
    const child = spawn(process.execPath, ['-e', code], { uid: 65_534, gid: 65_534, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const { peer } = await next;
    expect(await peerUsers()(own, peer)).toBe(65_534);
  });

  it('is asked of the kernel, and is looked up in its tables where it gives no answer', async () => {
    const handle = {} as Handle;
    const ends = [own, { host: '127.0.0.1', port: 1 }];
    const socketAddress = (_: Handle, end: 0 | 1) => ({ family: 'inet', ...ends[end] }) as const;
    const knows = (answer: () => number | undefined) =>
      peerUser(
        { peerUser: answer, socketAddress } as Partial<Addon> as Addon,
        async (_, peer) => peer.port,
      )(handle);
    expect(await knows(() => 1000)).toBe(1000);
    expect(await knows(() => undefined)).toBeUndefined();
    const refuse = () => {
      throw Object.assign(new Error('no sock_diag'), { code: 'EPROTONOSUPPORT' });
    };
    expect(await knows(refuse)).toBe(1);
    ends.length = 0;
    expect(await knows(refuse)).toBeUndefined();
  });

  it('is not known without tables, or without a row', async () => {
    const gone = { host: '127.0.0.1', port: 1 };
    expect(await peerUsers(() => Promise.reject(new Error('no /proc')))(own, gone)).toBeUndefined();
    expect(await peerUsers()(own, gone)).toBeUndefined();
  });

  it('a hundred that ask at once wait for few readings, and none gets one from before', async () => {
    let readings = 0;
    const find = peerUsers(async () => `${++readings}`);
    await Promise.all(Array.from({ length: 100 }, () => find(own, own)));
    expect(readings).toBeLessThanOrEqual(8);
  });
});

it('a row is read as the kernel writes it, and a socket that no program has is nobody’s', async () => {
  const row = (uid: number, inode: number, local = '0100007F:D431') =>
    `   7: ${local} 0100007F:71F2 01 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;
  const of = (four: string, six = '') =>
    peerUsers(async (path) => (path.endsWith('6') ? six : four))(
      { host: '127.0.0.1', port: 0x71f2 },
      { host: '127.0.0.1', port: 0xd431 },
    );
  expect(await of(row(1000, 12_345))).toBe(1000);
  expect(await of(row(0, 0))).toBeUndefined();
  expect(await of(row(1000, 5, '0100007F:D432'))).toBeUndefined();
  const six = row(1001, 9, '0000000000000000FFFF00000100007F:D431').replace(
    ' 0100007F:71F2',
    ' 0000000000000000FFFF00000100007F:71F2',
  );
  expect(await of('', six)).toBe(1001);
});
