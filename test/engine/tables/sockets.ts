import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { casesOf, failure } from './case.js';
import { all, withPair } from './pair.js';

export const sockets = casesOf({
  addresses: {
    run: () => ['127.0.0.1', '::1', 'fe80::1%eth0', '1.2.3', '', 'localhost', '1.2.3.4\0'].map(isIP),
    want: [4, 6, 6, 0, 0, 0, 0],
  },
  'bytes in one direction, to their end': {
    run: withPair(async (client, served) => {
      served.write('a');
      served.end('b'.repeat(1_000_000));
      return (await all(client)).length;
    }),
    want: 1_000_001,
  },
  'bytes in the other direction': {
    run: withPair(async (client, served) => {
      await new Promise((resolve) => client.write('hello', resolve));
      client.end();
      return all(served);
    }),
    want: 'hello',
  },
  'nobody listens': {
    run: async () => {
      const socket = connect({ path: '/proc/none/socket' });
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
      return [error.code, error.message, error.syscall];
    },
    want: ['ENOENT', 'connect ENOENT /proc/none/socket', 'connect'],
  },
  'destroyed with an error': {
    run: withPair((client) => {
      client.destroy(Object.assign(new Error('x'), { code: 'EX' }));
      return Promise.all([failure(() => once(client, 'close')), failure(() => all(client))]);
    }),
    want: ['EX', 'EX'],
  },
  'a write after the end': {
    run: withPair(async (client) => {
      client.on('error', () => {});
      client.destroy();
      return new Promise((resolve) => client.write('x', (error) => resolve(error instanceof Error)));
    }),
    want: true,
  },
});
