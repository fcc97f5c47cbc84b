import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { describeAddon } from '../support/addon.js';
import { compile } from '../support/compile.js';
import { listen, readToEnd } from '../support/peer.js';
import { relayBetween, sinks, sources, startRelay, stdioKinds } from '../support/relay.js';

const refusing = compile('refusing.c');

describeAddon.each([
  { name: 'relay', wrapper: [] },
  ...(refusing ? [{ name: 'relay without splice', wrapper: [refusing, 'splice'] }] : []),
])('$name', ({ wrapper }) => {
  const combinations = sources.flatMap((source) => sinks.map((sink) => ({ source, sink })));

  it.each(combinations)(
    'from $source to $sink, with a tail after the end of input',
    async ({ source, sink }) => {
      const bytes = Buffer.from('a question'.repeat(1000));
      const { path, server } = await listen();
      const answered = once(server, 'connection').then(async ([peer]) => {
        const question = await readToEnd(peer as Socket);
        (peer as Socket).end(`${question.length} bytes, thank you`);
        return question;
      });
      const { result, got } = await relayBetween(source, sink, bytes, { path, wrapper });
      const question = await answered;
      const tail = `${question.length} bytes, thank you`;
      expect(question.toString()).toBe(source === '/dev/null' ? '' : bytes.toString());
      if (sink !== '/dev/null') expect(got?.toString()).toBe(tail);
      expect(result).toEqual({ sent: question.length, received: tail.length, end: 'peer' });
    },
  );

  it.each(stdioKinds)('%s: echoes byte by byte', async (stdio) => {
    const { stdin, stdout, peer, result } = await startRelay(stdio, { wrapper });
    peer.pipe(peer);
    for (const byte of 'SSH-2.0-x\r\n') {
      stdin.write(byte);
      const [echo] = await once(stdout, 'data');
      expect(String(echo)).toBe(byte);
    }
    stdin.end();
    expect(await result).toEqual({ sent: 11, received: 11, end: 'peer' });
  });

  it.each(stdioKinds)("%s: passes the peer's end on, and continues sending", async (stdio) => {
    const { stdin, stdout, peer, result } = await startRelay(stdio, { wrapper });
    peer.end('goodbye');
    expect((await readToEnd(stdout)).toString()).toBe('goodbye');
    stdin.end('one more thing');
    expect((await readToEnd(peer)).toString()).toBe('one more thing');
    expect(await result).toEqual({ sent: 14, received: 7, end: 'peer' });
  });
});
