import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Domain } from '../../../src/sources/libvirt/libvirt.js';
import { libvirtOf, vagrantLogins } from '../../../src/sources/libvirt/source.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const dir = useTempDir();
const home = join(dir, 'vagrant home');
const project = join(dir, 'project');
const folder = join(project, '.vagrant/machines/default/libvirt');
const key = join(folder, 'private_key');
const env = { VAGRANT_HOME: home };
const entry = {
  ...{ local_data_path: join(project, '.vagrant'), vagrantfile_path: project },
  ...{ name: 'default', provider: 'libvirt' },
};

function write(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

function index(machines: unknown): void {
  write(join(home, 'data/machine-index/index'), JSON.stringify({ version: 1, machines }));
}

beforeEach(() => {
  index({ '0123': entry });
  write(join(folder, 'id'), uuid);
  write(key, 'a key');
});

describe.skipIf(process.platform === 'win32')('the logins that Vagrant made', () => {
  const own = { user: 'vagrant', identityFile: key };

  it('are found by the UUID of the domain', async () => {
    expect(await vagrantLogins({ env })).toEqual(new Map([[uuid, own]]));
    write(join(dir, '.vagrant.d/data/machine-index/index'), JSON.stringify({ machines: { x: entry } }));
    expect(await vagrantLogins({ env: { HOME: dir } })).toEqual(new Map([[uuid, own]]));
  });

  it('are in the list and in the search, only for that domain', async () => {
    const mint: Domain = { name: 'project_default', uuid, id: 7, status: 'running', scope: 'system' };
    const other: Domain = { ...mint, name: 'other', uuid: uuid.replace('1', '2'), id: 8 };
    const libvirt = libvirtOf(['system'], {
      domains: async () => ({ domains: [mint, other], warnings: [] }),
      addresses: async () => [],
    });
    const { found } = await libvirt.list({ env });
    expect(found[0]).toMatchObject(own);
    expect(found[1]).not.toHaveProperty('identityFile');
    expect(found[1]).not.toHaveProperty('user');
    expect(await libvirt.find?.('project_default', { env })).toMatchObject({ machine: own });
    expect(await libvirt.find?.('other', { env })).not.toHaveProperty('machine.identityFile');
  });

  it.each<[string, () => void]>([
    ['another provider', () => index({ x: { ...entry, provider: 'virtualbox' } })],
    ['a name that leads elsewhere', () => index({ x: { ...entry, name: '../default' } })],
    ['a folder that is relative', () => index({ x: { ...entry, local_data_path: '.vagrant' } })],
    ['no list', () => index(7)],
    ['no JSON', () => write(join(home, 'data/machine-index/index'), '{')],
    ['no UUID', () => write(join(folder, 'id'), '../../etc')],
    ['an id that never ends', () => write(join(folder, 'id'), uuid + ' '.repeat(1000))],
    ['a key that all may write', () => chmodSync(key, 0o666)],
    ['a folder that all may write', () => chmodSync(folder, 0o777)],
  ])('are not used: %s', async (_, change) => {
    change();
    const found = await vagrantLogins({ env });
    chmodSync(folder, 0o755);
    expect(found).toEqual(new Map());
  });

  it('are not used if another user owns them', async () => {
    expect(await vagrantLogins({ env }, (process.getuid?.() ?? 0) + 1)).toEqual(new Map());
  });
});
