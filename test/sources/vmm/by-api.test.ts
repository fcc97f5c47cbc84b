import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { routesTo } from '../../../src/sources/routes.js';
import { cloudHypervisor } from '../../../src/sources/vmm/cloud-hypervisor.js';
import { firecracker, listFirecrackers } from '../../../src/sources/vmm/firecracker.js';
import { missingAddon } from '../../helpers/addon.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { useJsonServices } from '../managers/json-services.js';
import { fakeProc } from '../processes/fake-proc.js';
import { at } from '../resolved.js';

const dir = useTempDir();
const serve = useJsonServices(dir);

describe('Firecracker', () => {
  const config = JSON.stringify({
    'machine-config': {},
    vsock: { guest_cid: 3, uds_path: '/run/v.sock', vsock_id: 'v' },
  });
  const list = (argv: readonly string[], cwd = '/') =>
    firecracker.list({ env: {}, procDir: fakeProc(dir, [{ argv: ['firecracker', ...argv], cwd }]) });
  const want = { status: 'running', provider: 'firecracker', cid: 3, pid: 100 };

  it('has its socket from its API', async () => {
    const api = await serve('fc.sock', { '/vm/config': config });
    const { found, warnings } = await list(['--api-sock', api, '--id', 'web']);
    const routes = routesTo(['vsock-mux/run/v.sock']);
    expect({ found, warnings }).toEqual({
      found: [{ ...want, name: 'web', target: 'firecracker/web', routes }],
      warnings: [],
    });
  });

  it('has it from its configuration file in its own folder if it has no API', async () => {
    mkdirSync(join(dir, 'fc'));
    writeFileSync(join(dir, 'fc/vm.json'), config.replace('/run/v.sock', 'v.sock'));
    const { found } = await list(['--no-api', '--config-file', 'vm.json'], join(dir, 'fc'));
    expect(found).toMatchObject([{ name: 'v', target: 'firecracker/v', ...at(`vsock-mux${dir}/fc/v.sock`) }]);
  });

  it.each([
    { state: 'Not started', status: 'off' },
    { state: 'Running', status: 'running' },
    { state: 'Paused', status: 'paused' },
  ])('is $state by its API', async ({ state, status }) => {
    const instance = JSON.stringify({ id: 'a', state, vmm_version: '1.16.1', app_name: 'Firecracker' });
    const api = await serve(`fc-${status}.sock`, { '/vm/config': config, '/': instance });
    expect((await list(['--api-sock', api])).found).toMatchObject([{ name: `fc-${status}`, status }]);
  });

  // With so long an id no socket could be opened by its usual path.
  it.each([{ isUsual: true }, { isUsual: false }, { isUsual: true, id: 'w'.repeat(70) }])(
    'that a jailer started has its paths in its root, the usual one: $isUsual, $id',
    async ({ isUsual, id = 'web' }) => {
      const argv = ['/firecracker-v1', '--id', id, '--start-time-us', '1', '--api-sock', 'run/api.sock'];
      const procDir = fakeProc(dir, [{ argv }]);
      const usual = `/srv/jailer/firecracker-v1/${id}/root`;
      const root = isUsual && id === 'web' ? usual : `${procDir}/100/root`;
      const asked: string[] = [];
      const get = async (socket: string, path: string) => {
        asked.push(`${socket} ${path}`);
        return JSON.parse(config);
      };
      const isSame = async (a: string, b: string) => isUsual && a === `${procDir}/100/root` && b === usual;
      const { found } = await listFirecrackers({ env: {}, procDir }, get, undefined, isSame);
      expect(asked).toEqual([`${root}/run/api.sock /vm/config`, `${root}/run/api.sock /`]);
      expect(found).toMatchObject([
        { name: id, target: `firecracker/${id}`, ...at(`vsock-mux${root}/run/v.sock`) },
      ]);
    },
  );

  it('that a jailer started is looked for under its process', async () => {
    const argv = ['firecracker', '--id=web', '--start-time-us=1', '--api-sock', '/api.sock'];
    const procDir = fakeProc(dir, [{ argv }]);
    mkdirSync(join(procDir, '100/root'));
    const api = await serve(join(relative(dir, procDir), '100/root/api.sock'), { '/vm/config': config });
    const { found } = await firecracker.list({ env: {}, procDir });
    expect(found).toMatchObject([
      { target: 'firecracker/web', ...at(`vsock-mux${dirname(api)}/run/v.sock`) },
    ]);
  });

  it('without a vsock device is a machine without an address', async () => {
    const api = await serve('fc-plain.sock', { '/vm/config': '{"machine-config":{}}' });
    const { found, warnings } = await list([`--api-sock=${api}`]);
    expect(warnings).toEqual([]);
    expect(found).toMatchObject([{ target: 'firecracker/fc-plain', status: 'running', routes: [] }]);
  });

  it.skipIf(missingAddon())(
    'without an API is not asked for its file if another id is looked for',
    async () => {
      const procDir = fakeProc(dir, [
        { argv: ['firecracker', '--id=db', '--no-api', `--config-file=${dir}/unreadable.json`] },
      ]);
      expect(await firecracker.find?.('web', { env: {}, procDir })).toMatchObject({
        outcome: 'unknown',
        known: ['db'],
      });
    },
  );

  it('that cannot be asked gives a warning', async () => {
    const { found, warnings } = await list(['--api-sock', join(dir, 'gone.sock')]);
    expect(found).toEqual([]);
    expect(warnings).toMatchObject([{ provider: 'firecracker', code: 'ENOENT' }]);
  });
});

describe('cloud-hypervisor', () => {
  const list = (...argv: readonly string[]) =>
    cloudHypervisor.list({ env: {}, procDir: fakeProc(dir, [{ argv: ['cloud-hypervisor', ...argv] }]) });
  const routes = routesTo(['vsock-mux/run/ch.sock']);
  const uuid = '11111111-2222-4333-8444-555555555555';

  it('has its socket from its command line', async () => {
    const { found } = await list('--vsock', 'cid=3,socket=/run/ch.sock', '--cpus', 'boot=1');
    expect(found).toMatchObject([
      { name: 'ch', target: 'cloud-hypervisor/ch', cid: 3, status: 'running', routes },
    ]);
  });

  it.each([
    { state: 'Running', status: 'running' },
    { state: 'Paused', status: 'paused' },
    { state: 'Shutdown', status: 'off' },
  ])('is $state by its API', async ({ state, status }) => {
    const config = { vsock: { cid: 9, socket: '/run/ch.sock' }, platform: { uuid: uuid.toUpperCase() } };
    const api = await serve(`${state}.sock`, { '/api/v1/vm.info': JSON.stringify({ config, state }) });
    const { found } = await list('--api-socket', `path=${api}`);
    expect(found).toMatchObject([{ name: state, routes, cid: 9, uuid, status }]);
  });

  it('that cannot be asked gives a warning, unless its command line has the socket', async () => {
    const gone = join(dir, 'gone.sock');
    expect(await list('--api-socket', gone)).toMatchObject({ found: [], warnings: [{ code: 'ENOENT' }] });
    const { found, warnings } = await list('--api-socket', gone, '--vsock', 'cid=3,socket=/run/ch.sock');
    expect({ found, warnings }).toMatchObject({ found: [{ routes }], warnings: [] });
  });

  it.each(['uuid', 'system_uuid'])('has a %s on its command line or in its API', async (field) => {
    const vsock = { cid: 9, socket: '/run/ch.sock' };
    const config = { vsock, platform: { [field]: uuid } };
    const api = await serve(`${field}.sock`, {
      '/api/v1/vm.info': JSON.stringify({ config, state: 'Running' }),
    });
    expect((await list('--api-socket', api)).found).toMatchObject([{ uuid }]);
    const typed = [
      '--vsock',
      'cid=9,socket=/run/ch.sock',
      '--platform',
      `num_pci_segments=1,${field}=${uuid}`,
    ];
    expect((await list(...typed)).found).toMatchObject([{ uuid }]);
  });

  it('without a machine yet, or whose API socket another made, is not a machine to reach', async () => {
    const api = await serve('ch-empty.sock', {});
    expect(await list('--api-socket', api)).toEqual({ found: [], warnings: [] });
    expect(await list('--api-socket', 'fd=3')).toEqual({ found: [], warnings: [] });
  });
});
