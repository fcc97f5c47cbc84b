import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openvmm, parseOpenvmmArgs } from '../../../src/sources/vmm/openvmm.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fakeProc } from '../processes/fake-proc.js';
import { at } from '../resolved.js';

describe('OpenVMM', () => {
  const dir = useTempDir();
  const socket = join(dir, 'web.sock');
  const server = createServer();
  beforeAll(() => new Promise<void>((done) => server.listen(socket, done)));
  afterAll(() => void server.close());

  it.each([
    { input: ['--virtio-vsock-vhost-cid', '7'], want: { cid: 7 } },
    { input: ['--virtio-vsock-vhost-cid=8', '-m', '2GB'], want: { cid: 8 } },
    { input: ['--virtio-vsock-vhost-cid', '2'], want: {} },
    { input: ['--virtio-vsock-path', '/run/v'], want: { socket: '/run/v' } },
    { input: ['--virtio-vsock-path='], want: {} },
    { input: ['--kernel', 'vmlinux'], want: {} },
  ])('with $input', ({ input, want }) => expect(parseOpenvmmArgs(['openvmm', ...input])).toEqual(want));

  it('is listed by its CID, or by the socket of its multiplexer', async () => {
    const procDir = fakeProc(dir, [
      { argv: ['openvmm', '--virtio-vsock-vhost-cid', '7'] },
      { argv: ['openvmm', '--virtio-vsock-path', socket] },
      { argv: ['openvmm', '--kernel', 'vmlinux'] },
    ]);
    const { found, warnings } = await openvmm.list({ env: {}, procDir });
    const known = { status: 'running', provider: 'openvmm' };
    expect(found).toEqual([
      { ...known, name: 'openvmm-100', target: 'vsock/7', cid: 7, pid: 100, ...at('vsock/7') },
      { ...known, name: 'web', target: `vsock-mux${socket}`, pid: 101, ...at(`vsock-mux${socket}`) },
    ]);
    expect(warnings).toMatchObject([{ code: 'NOT_LISTED', problem: expect.stringMatching(/^pid 102: /) }]);
  });
});
