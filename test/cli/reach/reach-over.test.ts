import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reachOver, type Transport } from '../../../src/cli/reach/reach-over.js';
import type { ConnectError } from '../../../src/errors.js';
import { parseTarget } from '../../../src/kinds/parse.js';
import { fakeAddon } from '../../connect/fake-addon.js';

const vmId = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';
const machine = `hyper-v/${vmId}`;

/** Goes by these transports to a machine whose vsock fails with a code, and whose addresses are known. */
async function outcome(
  transports: readonly Transport[],
  addresses: readonly string[],
  { target = machine, listens = true } = {},
) {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  if (!listens) await once(server.close(), 'close');
  const { native, connects } = fakeAddon({ code: 'WSAETIMEDOUT' });
  const missing = { missing: new Error('no addon for TCP in this test') };
  const notes: string[] = [];
  const asked: string[] = [];
  const options = {
    port,
    timeoutMs: 5000,
    env: {},
    platform: 'win32' as const,
    native: () => (asked.length > 0 ? missing : native()),
  };
  const find = async (id: string) => {
    asked.push(id);
    return addresses;
  };
  try {
    const { connection } = await reachOver(
      transports,
      { text: target, target: parseTarget(target) },
      options,
      (message) => notes.push(message),
      find,
    );
    connection.close();
    return { endpoint: connection.endpoint, notes, asked, port };
  } catch (error) {
    const { code, op, problem } = error as ConnectError;
    return { code, op, problem, notes, asked, connects: connects.length };
  }
}

describe('reachOver', () => {
  it('takes the address if vsock does not answer, and says so', async () => {
    const { endpoint, notes, asked, port } = await outcome(['vsock', 'ip'], ['127.0.0.1']);
    expect({ endpoint, asked }).toEqual({
      endpoint: { family: 'tcp', host: '127.0.0.1', port },
      asked: [vmId],
    });
    expect(notes).toEqual([
      expect.stringMatching(/^cannot connect to .*\(WSAETIMEDOUT\); by TCP to 127\.0\.0\.1:\d+ instead$/),
    ]);
  });

  it('reports why vsock failed if there is no address either', async () => {
    expect(await outcome(['vsock', 'ip'], [])).toMatchObject({
      code: 'WSAETIMEDOUT',
      op: 'connect',
      problem: expect.stringMatching(/\(WSAETIMEDOUT\); Hyper-V knows no IP address for it$/),
      notes: [],
    });
  });

  it('reports once why each failed if the address does not answer either', async () => {
    expect(await outcome(['vsock', 'ip'], ['127.0.0.1'], { listens: false })).toMatchObject({
      code: 'WSAETIMEDOUT',
      problem: expect.stringMatching(
        /^(?!.*WSAETIMEDOUT.*WSAETIMEDOUT).*\(WSAETIMEDOUT\); .*127\.0\.0\.1.*\(ECONNREFUSED\)$/,
      ),
      notes: [],
    });
  });

  it('reports both the other way round too', async () => {
    expect(await outcome(['ip', 'vsock'], [])).toMatchObject({
      code: 'NOT_FOUND',
      problem: expect.stringMatching(/^Hyper-V knows no IP address for it; hyper-v needs the native addon/),
    });
  });

  it('uses only the address if asked to', async () => {
    expect(await outcome(['ip'], ['127.0.0.1'])).toMatchObject({ endpoint: { family: 'tcp' } });
    expect(await outcome(['ip'], [])).toMatchObject({ code: 'NOT_FOUND', connects: 0 });
  });

  it('asks for no address of another kind of machine', async () => {
    expect(await outcome(['ip'], ['127.0.0.1'], { target: 'vsock:3:22' })).toMatchObject({
      code: 'UNSUPPORTED',
      asked: [],
    });
  });

  it('stays with vsock if nothing else is asked for', async () => {
    expect(await outcome(['vsock'], ['127.0.0.1'])).toMatchObject({ code: 'WSAETIMEDOUT', asked: [] });
  });
});
