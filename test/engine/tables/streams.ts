import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { casesOf, failure } from './case.js';
import { all, withPair } from './pair.js';

/** More than a socket holds. */
const much = 4 << 20;

/** Names of events, in their order, up to the last one. */
function heard(
  socket: Socket,
  ...names: readonly ('finish' | 'end' | 'error' | 'close')[]
): Promise<string[]> {
  const order: string[] = [];
  for (const name of names) socket.on(name, () => order.push(name));
  return new Promise((resolve) => socket.once('close', () => resolve(order)));
}

async function codeOf(path: string): Promise<unknown> {
  const socket = connect({ path });
  const { code } = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
  return [code, socket.destroyed];
}

/** Why it takes nothing to write. */
function writeFails(socket: Socket): Promise<unknown> {
  return new Promise((resolve) =>
    socket.write('x', (error) => resolve((error as NodeJS.ErrnoException).code)),
  );
}

export const streams = casesOf({
  'who cannot be reached': {
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
      try {
        writeFileSync(join(folder, 'file'), '');
        const server = createServer({ pauseOnConnect: true }).listen(join(folder, 's'));
        await once(server, 'listening');
        const taken = createServer({ pauseOnConnect: true }).listen(join(folder, 's'));
        const [inUse] = await once(taken, 'error').catch((error: unknown) => [error]);
        server.close();
        await once(server, 'close');
        return [
          await codeOf(join(folder, 'file')),
          await codeOf(join(folder, 'none')),
          (inUse as NodeJS.ErrnoException).code,
        ];
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    want: [['ECONNREFUSED', true], ['ENOENT', true], 'EADDRINUSE'],
  },
  'half open, if asked for': {
    run: withPair(
      async (client, served) => {
        served.end('all');
        const got = await all(client, false);
        const open = [client.readableEnded, client.writableEnded, client.destroyed];
        client.end('answer');
        return [got, open, await all(served)];
      },
      { allowHalfOpen: true },
    ),
    want: ['all', [true, false, false], 'answer'],
  },
  'else ended with the other side': {
    run: withPair(async (client, served) => {
      const order = heard(client, 'finish', 'end', 'close');
      client.resume();
      served.end();
      const rest = await all(served);
      return [await order, rest, client.writableEnded];
    }),
    want: [['end', 'finish', 'close'], '', true],
  },
  'reset by the other side': {
    run: withPair(async (client, served) => {
      await new Promise((resolve) => client.write('unread', resolve));
      const order = heard(client, 'end', 'error', 'close');
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
      client.resume();
      served.destroy();
      return [(await failed).code, await order, client.destroyed];
    }),
    want: ['ECONNRESET', ['error', 'close'], true],
  },
  'written to nobody': {
    run: withPair(async (client, served) => {
      served.destroy();
      await once(served, 'close');
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
      const heard = writeFails(client);
      return [(await failed).code, await heard];
    }),
    want: ['EPIPE', 'EPIPE'],
  },
  'an error is kept before it is an event': {
    run: withPair(async (client) => {
      const seen: unknown[] = [];
      client.on('error', () => seen.push(client.destroyed));
      client.destroy(Object.assign(new Error('x'), { code: 'EX' }));
      seen.push(client.destroyed, await failure(() => all(client)));
      client.destroy(new Error('another'));
      return [seen, await failure(() => all(client))];
    }),
    want: [[true, true, 'EX'], 'EX'],
  },
  'destroyed while somebody reads': {
    run: withPair(async (client, served) => {
      await new Promise((resolve) => served.write('x', resolve));
      return failure(async () => {
        for await (const _ of client) setImmediate(() => client.destroy());
      });
    }),
    want: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'an error between two reads is what the next one throws': {
    run: withPair(async (client, served) => {
      served.write('x');
      return failure(async () => {
        for await (const _ of client) {
          client.destroy(Object.assign(new Error('x'), { code: 'EX' }));
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    }),
    want: 'EX',
  },
  'read after it was destroyed, and after it ended': {
    run: withPair(async (client, served) => {
      served.end();
      const rest = await all(client);
      served.destroy();
      return [rest, await failure(() => all(served))];
    }),
    want: ['', 'ERR_STREAM_PREMATURE_CLOSE'],
  },
  'whoever stops reading closes it': {
    run: withPair(async (client, served) => {
      served.write('one');
      for await (const _ of client) break;
      return client.destroyed;
    }),
    want: true,
  },
  'no data once it is destroyed': {
    run: withPair(async (client, served) => {
      let count = 0;
      client.on('data', () => {
        count++;
        client.destroy();
      });
      served.on('error', () => {});
      served.write('x'.repeat(much));
      await once(client, 'close');
      return count;
    }),
    want: 1,
  },
  'backpressure: a writer learns when to wait and when to continue': {
    run: withPair(async (client, served) => {
      let drained = 0;
      served.on('drain', () => drained++);
      const small = served.write('x');
      await new Promise((resolve) => served.write('x', resolve));
      const before = drained;
      const large = served.write('x'.repeat(much));
      const drain = once(served, 'drain');
      let length = 0;
      client.on('data', (data: Uint8Array) => {
        length += data.length;
      });
      await drain;
      served.end();
      await once(client, 'end');
      return [small, before, large, drained, length];
    }),
    want: [true, 0, false, 1, much + 2],
  },
  'backpressure: a reader that pauses gets nothing': {
    run: withPair(async (client, served) => {
      let length = 0;
      client.on('data', (data: Uint8Array) => {
        length += data.length;
        if (length === data.length) client.pause();
      });
      served.write('x'.repeat(much));
      await once(client, 'data');
      await new Promise((resolve) => setImmediate(resolve));
      const paused = length < much;
      client.resume();
      served.end();
      await once(client, 'end');
      return [paused, length];
    }),
    want: [true, much],
  },
  'a character in two parts': {
    run: withPair(async (client, served) => {
      const parts: string[] = [];
      client.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      await new Promise((resolve) => served.write(Buffer.from([0x61, 0xc3]), resolve));
      served.end(Buffer.from([0xa9]));
      await once(client, 'end');
      return parts.join('');
    }),
    want: 'aé',
  },
  'written after its end, and after it was destroyed': {
    run: withPair(async (client, served) => {
      const events: unknown[] = [];
      client.on('error', ({ code }: NodeJS.ErrnoException) => events.push(code));
      client.end();
      const ended = await writeFails(client);
      served.destroy();
      return [ended, await writeFails(served), events];
    }),
    want: ['ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED', ['ERR_STREAM_WRITE_AFTER_END']],
  },
  'what waits to be written when it is destroyed': {
    run: withPair(async (client) => {
      client.on('error', () => {});
      client.write('x'.repeat(much));
      const waiting = writeFails(client);
      client.destroy(Object.assign(new Error('x'), { code: 'EX' }));
      return waiting;
    }),
    want: 'EX',
  },
  'a writer that ends, in its order': {
    run: withPair(async (client, served) => {
      const order = heard(client, 'finish', 'end', 'close');
      client.resume();
      client.end('x');
      const got = await all(served);
      return [got, await order];
    }),
    want: ['x', ['finish', 'end', 'close']],
  },
});
