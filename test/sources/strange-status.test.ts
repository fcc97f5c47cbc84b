import { describe, expect, it } from 'vitest';
import { listHyperV } from '../../src/sources/hyper-v/hyper-v.js';
import { listOverInterop } from '../../src/sources/hyper-v/source.js';
import { statusReader } from '../../src/sources/source.js';
import { listCloudHypervisors } from '../../src/sources/vmm/cloud-hypervisor.js';
import { listFirecrackers } from '../../src/sources/vmm/firecracker.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { fakeProc } from './processes/fake-proc.js';

const dir = useTempDir();
const deps = (argv: readonly string[]) => ({ env: {}, procDir: fakeProc(dir, [{ argv }]) });

/** A status that we do not know, although every JavaScript object has a property with that name, or that is no text. */
describe.each([...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'], { toString: 7 }])(
  'a status %j',
  (word) => {
    const json = JSON.stringify;
    it('of a manager is unknown', () => expect(statusReader({ running: ['Running'] })(word)).toBe('unknown'));

    it.each([
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
