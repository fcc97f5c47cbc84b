import { createWriteStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connect/connection.js';
import { openConnection } from '../../src/connect/open.js';
import { EarlyInput, relayStreams } from '../../src/deliver/relay-streams.js';
import { unix } from '../connect/openers.js';
import { deferred, useSocketFolder } from '../connect/socket-folder.js';

const withoutAddon = () => ({ missing: new Error('no addon') });
const patient = 20_000;
const question = () => Readable.from([Buffer.from('a question')]);
const unending = () =>
  Readable.from(
    (async function* () {
      yield Buffer.from('a question');
      await new Promise(() => {});
    })(),
  );

describe('a relay without the addon', () => {
  const folder = useSocketFolder();
  let connection: Connection;
  let peer: Socket;
  beforeEach(async () => {
    const accepted = deferred<Socket>();
    const path = await folder.listen(accepted.resolve);
    connection = await openConnection(unix(path), { timeoutMs: patient }, withoutAddon);
    peer = await accepted.promise;
  });

  it('delivers what follows the end of input', async () => {
    const output = new PassThrough();
    const relayed = relayStreams(connection, question(), output, -1);
    let asked = '';
    peer.on('data', (part) => (asked += part));
    peer.on('end', () => peer.end(`an answer to ${asked}`));
    expect((await buffer(output)).toString()).toBe('an answer to a question');
    await relayed;
  });

  it.each([
    { name: 'while input is open', input: unending, lingerMs: -1 },
    { name: 'after the end of input', input: question, lingerMs: -1 },
    { name: 'after the end of input, within lingerMs', input: question, lingerMs: patient },
  ])('rejects at a reset $name, after all that came before', async ({ input, lingerMs }) => {
    const output = new PassThrough();
    const relayed = relayStreams(connection, input(), output, lingerMs);
    const rejected = expect(relayed).rejects.toMatchObject({ code: 'ECONNRESET' });
    await new Promise<void>((resolve) => peer.write('half of an ans', () => resolve()));
    expect(String(await new Promise((resolve) => output.once('data', resolve)))).toBe('half of an ans');
    peer.destroy(); // with the question unread
    await rejected;
  });

  it.each([{ lingerMs: -1 }, { lingerMs: patient }])(
    'ends when nobody reads its output, $lingerMs',
    async ({ lingerMs }) => {
      const reader = deferred<Socket>();
      const output = connect(await folder.listen(reader.resolve, 'reader'));
      const relayed = relayStreams(connection, unending(), output, lingerMs);
      (await reader.promise).destroy();
      const more = () => void peer.write('text', (error) => error ?? more());
      more();
      expect(await relayed).toBeUndefined();
    },
  );

  it.each(['as it is', 'read from the start'])('rejects if its input fails, %s', async (how) => {
    const failing = new PassThrough();
    const input = how === 'as it is' ? failing : new EarlyInput(failing);
    const relayed = relayStreams(connection, input, new PassThrough(), -1);
    const rejected = expect(relayed).rejects.toMatchObject({ code: 'EIO' });
    failing.write('a question');
    await new Promise((resolve) => peer.once('data', resolve));
    failing.destroy(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await rejected;
  });

  it('rejects if writing its output fails for another reason', async () => {
    peer.end('an answer');
    const relayed = relayStreams(connection, question(), createWriteStream('/dev/full'), -1);
    await expect(relayed).rejects.toMatchObject({ code: 'ENOSPC' });
  });
});
