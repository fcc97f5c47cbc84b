import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Handle } from 'node-hvsock-native';
import { expect, it, onTestFinished } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { listening } from '../../helpers/sockets/servers.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { addon, describeAddon } from '../support/addon.js';
import { interrupted, startFixture } from '../support/child.js';
import {
  codeOf,
  connect,
  connectedPair,
  listen,
  portOf,
  readToEnd,
  temporaryFolder,
} from '../support/peer.js';

const families = ['tcp', 'unix'] as const;

/** A relay between a machine's unix socket and a client that was accepted. */
async function relayed(family: (typeof families)[number]) {
  const { handle, peer: machine } = await connectedPair();
  const path = `${temporaryFolder()}/listener`;
  const listener = addon.listen(
    family === 'unix' ? { family, path } : { family: 'inet', host: '127.0.0.1', port: 0 },
    1,
  );
  const port = portOf(addon.socketAddress(listener, 0));
  const to = family === 'unix' ? { path } : { port, host: '127.0.0.1' };
  const client = createConnection({ ...to, allowHalfOpen: true });
  client.on('error', () => {});
  onTestFinished(() => void client.destroy());
  const accepted: Handle = await addon.accept(listener).promise;
  addon.close(listener);
  const result = addon.relaySockets(handle, accepted);
  result.catch(() => {});
  return { handle, accepted, machine, client, result };
}

async function send(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 1 << 20)
    if (!socket.write(bytes.subarray(at, at + (1 << 20)))) await once(socket, 'drain');
  socket.end();
}

async function sumOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (part) => hash.update(part)).resume();
  await once(socket, 'end');
  return hash.digest('hex');
}

/** Whether the socket's connection broke, once it is closed. */
function hadError(socket: Socket): Promise<boolean> {
  socket.once('end', () => socket.end()).resume();
  return new Promise((resolve) => socket.once('close', resolve));
}

describeAddon.each(families)('relaySockets, to a client over %s', (family) => {
  it("passes the client's end on, and then the machine's answer", async () => {
    const { machine, client, result } = await relayed(family);
    client.end('question');
    expect((await readToEnd(machine)).toString()).toBe('question');
    machine.end('answer');
    expect((await readToEnd(client)).toString()).toBe('answer');
    expect(await result).toEqual({ sent: 8, received: 6, end: 'peer' });
  });

  it("passes the machine's end on, and continues sending", async () => {
    const { machine, client, result } = await relayed(family);
    machine.end('goodbye');
    expect((await readToEnd(client)).toString()).toBe('goodbye');
    client.end('one more thing');
    expect((await readToEnd(machine)).toString()).toBe('one more thing');
    expect(await result).toEqual({ sent: 14, received: 7, end: 'peer' });
  });

  it('moves 64 MiB both ways at once', async () => {
    const { machine, client, result } = await relayed(family);
    const bytes = randomBytes(64 << 20);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const [atMachine, atClient] = await Promise.all([
      sumOf(machine),
      sumOf(client),
      send(machine, bytes),
      send(client, bytes),
    ]);
    expect([atMachine, atClient]).toEqual([sum, sum]);
    expect(await result).toMatchObject({ sent: bytes.length, received: bytes.length });
  });

  it('stops reading from one side while the other takes no more', async () => {
    const { machine, client, result } = await relayed(family);
    const bytes = randomBytes(32 << 20);
    const sent = send(machine, bytes);
    await once(client, 'readable');
    expect(machine.writableLength + client.readableLength).toBeGreaterThan(0);
    expect(machine.bytesWritten - machine.writableLength).toBeLessThan(bytes.length);
    const got = readToEnd(client);
    await sent;
    expect((await got).equals(bytes)).toBe(true);
    client.end();
    await result;
  });

  it('closes both at the end', async () => {
    const { handle, accepted, machine, client, result } = await relayed(family);
    client.end();
    machine.resume().end();
    await result;
    for (const each of [handle, accepted])
      expect(() => addon.read(each, 1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it.each(['handle', 'accepted'] as const)('ends when its %s is closed', async (which) => {
    const relay = await relayed(family);
    addon.close(relay[which]);
    expect(await codeOf(relay.result)).toBe('ECANCELED');
    addon.close(relay.handle);
    addon.close(relay.accepted);
    await Promise.all([readToEnd(relay.machine), hadError(relay.client)]);
  });

  it('reports a machine that breaks; a TCP client is reset too', async () => {
    const { machine, client, result } = await relayed(family);
    client.write('unread');
    for (const round of '12') {
      machine.write(round); // once the second came through, the relay has sent what the client wrote
      expect(String((await once(client, 'data'))[0])).toBe(round);
    }
    const broke = hadError(client);
    machine.destroy();
    expect(await codeOf(result)).toBe('ECONNRESET');
    expect(await broke).toBe(family === 'tcp');
  });

  it('ends when the client goes away', async () => {
    const { machine, client, result } = await relayed(family);
    machine.write('unread');
    await once(client, 'readable');
    if (family === 'tcp') client.resetAndDestroy();
    else client.destroy();
    await readToEnd(machine);
    machine.end();
    expect(await result).toMatchObject({ sent: 0, received: 6 });
  });
});

describeAddon('relaySockets, of a connection to a multiplexer', () => {
  /** What the relay ends with, after `happens` to the multiplexer and then the machine's end. */
  async function ending(happens: (server: Server, path: string) => Promise<unknown>) {
    const { path, server } = await listen();
    const connection = once(server, 'connection');
    const handle = await connect(path);
    const [machine] = (await connection) as [Socket];
    const other = await connectedPair();
    const result = addon.relaySockets(handle, other.handle, path);
    machine.write('ready');
    await once(other.peer, 'readable');
    await happens(server, path);
    machine.end();
    other.peer.resume().end();
    return result.then(({ end }) => end, codeIn);
  }
  const codeIn = ({ code }: { code?: string }) => code;
  const closed = (server: Server) => void server.close();

  eachRow({
    'still listens': { happens: async () => {}, want: 'peer' },
    'is gone, with its file': { happens: async (server: Server) => closed(server), want: 'ECONNRESET' },
    refuses: {
      happens: async (server: Server, path: string) => {
        linkSync(path, `${path}.kept`);
        closed(server);
        renameSync(`${path}.kept`, path);
      },
      want: 'ECONNRESET',
    },
    'is another one by now': {
      happens: async (_: Server, path: string) => {
        unlinkSync(path);
        await listening(createServer(), path);
      },
      want: 'ECONNRESET',
    },
    "is another one by now, whose file may have the old one's number": {
      happens: async (server: Server, path: string) => {
        closed(server);
        await listening(createServer(), path);
      },
      want: 'ECONNRESET',
    },
  })('ends with $want if it $name', async ({ happens, want }) => {
    expect(await ending(happens)).toBe(want);
  });
});

describeAddon('relaySockets', () => {
  it.skipIf(lacks('strace')).each([
    { name: 'it is closed', wrapper: [] },
    { name: 'it is closed, and a signal interrupts that', wrapper: interrupted('poll') },
  ])('resets a TCP client when $name', async ({ wrapper }) => {
    const { finished } = startFixture('reset.js', [], { wrapper });
    expect(await finished).toMatchObject({ code: 0, stderr: 'ECONNRESET' });
  });

  it('needs two sockets that nobody uses', async () => {
    const { handle } = await connectedPair();
    const other = await connectedPair();
    expect(() => addon.relaySockets(handle, handle)).toThrow(expect.objectContaining({ code: 'EALREADY' }));
    const read = codeOf(addon.read(other.handle, 1));
    expect(() => addon.relaySockets(handle, other.handle)).toThrow(
      expect.objectContaining({ code: 'EALREADY' }),
    );
    addon.close(other.handle);
    expect(await read).toBe('ECANCELED');
  });

  it('leaves no descriptor behind', async () => {
    const one = async () => {
      const { machine, client, result } = await relayed('tcp');
      client.end('x');
      machine.resume().end('y');
      await readToEnd(client);
      await result;
      client.destroy();
      machine.destroy();
      await Promise.all([client, machine].map((each) => each.closed || once(each, 'close')));
    };
    const count = () => readdirSync('/proc/self/fd').length;
    await one();
    const before = count();
    const rounds = 50;
    for (let i = 0; i < rounds; ++i) await one();
    // The end of the test closes each round's server.
    await expect.poll(() => count() - before).toBeLessThanOrEqual(rounds);
  });
});
