import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listHyperV } from '../../src/sources/hyper-v/hyper-v.js';
import { listOverInterop } from '../../src/sources/hyper-v/provider.js';
import { parseInstances } from '../../src/sources/managers/incus.js';
import { parseLima } from '../../src/sources/managers/lima.js';
import { parseMultipass } from '../../src/sources/managers/multipass.js';
import { listCloudHypervisors } from '../../src/sources/vmm/cloud-hypervisor.js';
import { listFirecrackers } from '../../src/sources/vmm/firecracker.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { fakeProc } from './processes/fake-proc.js';

const dir = useTempDir();
const deps = (argv: readonly string[]) => ({ env: {}, procDir: fakeProc(dir, [{ argv }]) });

/** A status that we do not know, although every JavaScript object has a property with that name, or that is no text. */
describe.each([...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'], { toString: 7 }])(
  'a status %j',
  (word) => {
    const json = JSON.stringify;
    it.each([
      ['Lima', async () => parseLima(json({ name: 'a', status: word }))],
      ['Multipass', async () => parseMultipass(json({ list: [{ name: 'a', state: word, ipv4: [] }] }))],
      ['Incus', async () => parseInstances({ metadata: [{ name: 'a', status: word }] })],
      [
        'Windows',
        async () => {
          const run = async () =>
            json({ machines: [{ name: 'a', target: 'hyper-v/a', status: word }], warnings: [] });
          const program = { WSL_INTEROP: '1', VMSSH_WINDOWS: '/vmssh.exe' };
          return (await listOverInterop({ env: program }, run)).found;
        },
      ],
      [
        'PowerShell',
        async () => {
          const row = { id: '11111111-2222-4333-8444-555555555555', name: 'a', state: word as never };
          const missing = new Error('no addon');
          return listHyperV({ env: {} }, { native: () => ({ missing }), powershell: async () => [row] });
        },
      ],
    ])('of $0 is unknown', async (_name, list) => {
      expect(await list()).toMatchObject([{ name: 'a', status: 'unknown' }]);
    });

    it('of Firecracker, or of cloud-hypervisor, is that of its process: it runs', async () => {
      const vsock = { guest_cid: 3, uds_path: '/run/v.sock', socket: '/run/v.sock' };
      const get = async () => ({ vsock, config: { vsock }, state: word });
      const { found } = await listFirecrackers(deps(['firecracker', '--api-sock', '/a.sock']), get);
      expect(found).toMatchObject([{ status: 'running' }]);
      const { found: others } = await listCloudHypervisors(
        deps(['cloud-hypervisor', '--api-socket', '/a.sock']),
        get,
      );
      expect(others).toMatchObject([{ status: 'running' }]);
    });
  },
);

it('a status "constructor" does not crash list', async () => {
  const bin = join(dir, 'bin');
  const list = JSON.stringify({ list: [{ name: 'odd', state: 'constructor', ipv4: [] }] });
  writeTree(bin, { multipass: `#!/bin/sh\necho '${list}'\n` });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { stdout } = await run([...vmssh, 'list', '--provider=multipass'], { env });
  expect(stdout).toBe('unknown\todd\tmultipass/odd\tmultipass\n');
});
