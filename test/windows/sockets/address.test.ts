import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

const vmId = '86e0c1e9-782c-47e0-b7c2-99f8167f5178';

describeWindows('an AF_HYPERV socket', () => {
  let server: Server;
  let port: string;

  beforeAll(async () => {
    server = createServer((socket) => socket.end('SSH-2.0-fake\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = String((server.address() as AddressInfo).port);
  });
  afterAll(() => server.close());

  /** What the program did at the border of Winsock, and what it printed. */
  async function callsOf(program: readonly string[], target: string, ...more: readonly string[]) {
    const log = join(workFolder(), 'hvsock.log');
    rmSync(log, { force: true });
    const env = withHvsock({ PORT: port, LOG: workFile('hvsock.log') });
    const outcome = await runOnWindows([...program, 'nc', '--banner', ...more, target], { env });
    return { outcome, calls: readFileSync(log, 'latin1').trim().split('\n') };
  }

  it.each(Object.entries(programs))('has the right type, options and 36 bytes in %s', async (_, program) => {
    const { outcome, calls } = await callsOf(program, `hvsock:${vmId}:vsock-22`, '--timeout=4');
    expect(outcome).toMatchObject({ code: 0, stdout: 'SSH-2.0-fake\n', stderr: '' });
    const [socket, timeout = '', suspend, connect] = calls;
    expect(socket).toBe('socket 34 1 1');
    expect(suspend).toBe('setsockopt 1 4 01000000');
    expect(connect).toBe(
      // family, reserved, VmId, ServiceId; https://learn.microsoft.com/en-us/windows/win32/api/guiddef/ns-guiddef-guid
      'connect 2200' + '0000' + 'e9c1e0862c78e047b7c299f8167f5178' + '16000000cbfae611bd5864006a7986d3',
    );
    const [, bytes = ''] = /^setsockopt 1 1 (.{8})$/.exec(timeout) ?? [];
    const milliseconds = Buffer.from(bytes, 'hex').readUInt32LE();
    expect(milliseconds).toBeGreaterThan(1000);
    expect(milliseconds).toBeLessThanOrEqual(4000);
  });

  it.each([
    ['LOOPBACK:vsock-2222', '9761e1e056dd104a91955ee7a155a838ae080000cbfae611bd5864006a7986d3'],
    ['PARENT:vsock-2147483647', 'da7c2ea43fd00c489cc2a4de20abb878ffffff7fcbfae611bd5864006a7986d3'],
    [
      'CHILDREN:00112233-4455-6677-8899-aabbccddeeff',
      '898bdb90350d794f8ce949ea0ac8b7cd33221100554477668899aabbccddeeff',
    ],
  ])('of hvsock:%s has its bytes', async (target, bytes) => {
    const { calls } = await callsOf(programs['vmssh.exe'] ?? [], `hvsock:${target}`);
    expect(calls.at(-1)).toBe(`connect 22000000${bytes}`);
  });

  it('asks for no longer time limit than Windows accepts', async () => {
    const program = programs['vmssh.exe'] ?? [];
    const { calls } = await callsOf(program, 'hvsock:LOOPBACK:vsock-22', '--timeout=3600');
    expect(calls[1]).toBe('setsockopt 1 1 e0930400'); // 300000
  });
});
