import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readListeners, socketsOf } from '../../../src/sources/processes/tcp-listeners.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const rest = '00000000:00000000 00:00000000 00000000';
const none = '0'.repeat(32);
// As the kernel prints them on a machine that stores the low byte first.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08AE 00000000:0000 0A ${rest}  1000        0 1 1 0000000000000000 100 0 0 10 0
   1: 00000000:08AF 00000000:0000 0A ${rest}     0        0 2 1 0000000000000000 100 0 0 10 0
   2: 0100007F:08B0 0100007F:1F90 01 ${rest}  1001        0 3 1 0000000000000000 20 4 30 10 -1
  10: 0501A8C0:08AE 00000000:0000 0A ${rest}  1002        0 4 1 0000000000000000 100 0 0 10 0
`;
const tcp6 = `  sl  local_address                         remote_address                        st
   0: ${none}:08B1 ${none}:0000 0A ${rest}  1003        0 5 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:08B2 ${none}:0000 0A ${rest}  1004        0 6 1
   2: 00000000000000000000000001000000:08AE ${none}:0000 0A ${rest}  1005        0 7 1
`;
let count = 0;
function procWith(tables: Readonly<Record<string, string>>) {
  const procDir = join(dir, `proc-${count++}`);
  mkdirSync(join(procDir, 'net'), { recursive: true });
  for (const [name, text] of Object.entries(tables)) writeFileSync(join(procDir, 'net', name), text);
  return { env: {}, procDir };
}

describe('who listens on a TCP port', () => {
  const deps = procWith({ tcp, tcp6 });

  it.each([
    { name: 'of the address itself', at: ['127.0.0.1', 2222], want: [1000] },
    { name: 'of every address', at: ['127.0.0.1', 2223], want: [0] },
    { name: 'of another address', at: ['192.168.1.5', 2222], want: [1002] },
    { name: 'for a connection, not for new ones', at: ['127.0.0.1', 2224], want: [] },
    { name: 'of every address of IPv6', at: ['127.0.0.1', 2225], want: [1003] },
    { name: 'of the address as IPv6 writes it', at: ['127.0.0.1', 2226], want: [1004] },
    { name: 'nowhere', at: ['127.0.0.1', 1], want: [] },
    { name: 'of a name, which is not looked up', at: ['localhost', 2222], want: undefined },
  ] as const)('$name: $want', async ({ at: [host, port], want }) => {
    expect((await readListeners(deps))(host, port)?.map(({ uid }) => uid)).toEqual(want);
  });

  it('is not known without the table', async () => {
    expect((await readListeners(procWith({ tcp6 })))('127.0.0.1', 2222)).toBeUndefined();
    const one = { port: 2222, uid: 1000, inode: '1' };
    expect((await readListeners(procWith({ tcp })))('127.0.0.1', 2222)).toEqual([one]);
    const any = (await readListeners(procWith({ tcp })))('127.0.0.1');
    expect(any).toEqual([one, { port: 2223, uid: 0, inode: '2' }]);
  });

  it('is not known from a table without end', async () => {
    const endless = procWith({ tcp, tcp6 });
    truncateSync(join(endless.procDir, 'net/tcp6'), 2 ** 42);
    await expect(readListeners(endless)).rejects.toMatchObject({ code: 'EFBIG' });
  });

  it.skipIf(process.platform !== 'linux')('is reported by this kernel', async () => {
    const port = await listening(createServer());
    const found = (await readListeners({ env: {} }))('127.0.0.1', port) ?? [];
    expect(found).toMatchObject([{ uid: process.getuid?.() }]);
    expect((await socketsOf(process, { env: {} }))?.has(found[0]?.inode ?? '')).toBe(true);
    expect(await socketsOf({ pid: 2 ** 30 }, { env: {} })).toBeUndefined();
  });
});
