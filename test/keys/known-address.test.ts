import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withMachine } from '../../src/keys/known-address.js';
import { loadKnowing } from '../../src/sources/here.js';
import type { DiscoveredMachine, Source } from '../../src/sources/source.js';
import type { Endpoint } from '../../src/typed/route.js';
import { listening } from '../helpers/sockets/servers.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { at } from '../sources/resolved.js';

const dir = useTempDir();
const path = join(dir, 'sockets/web');
writeTree(dir, { 'sockets/web': '', other: '' });

const uuid = '11111111-2222-4333-8444-555555555555';
const web = { name: 'web', target: 'machine/web', status: 'running', provider: 'machined', uuid } as const;
const by = async (endpoint: Endpoint, ...machines: Partial<DiscoveredMachine>[]) => {
  const source: Source = {
    name: 'machined',
    title: 'x',
    list: async () => ({ found: machines.map((each) => ({ ...web, ...each })), warnings: [] }),
  };
  return (await withMachine({ text: 'x', address: endpoint }, {}, [source])).machine;
};
const unix = (at: string): Endpoint => ({ family: 'unix', path: at });

it('what was reached by a name is left as it is', async () => {
  const record = { text: 'machine/mint', machine: { ...web, name: 'mint', target: 'machine/mint' } };
  expect(await withMachine(record, {}, [])).toBe(record);
});

describe('a source that does not answer', () => {
  const vsock: Endpoint = { family: 'vsock', cid: 7, port: 22 };
  it.each<{ name: string; of: string; endpoint: Endpoint; code?: string; silent?: readonly string[] }>([
    { name: 'of a CID', of: 'machined', endpoint: vsock, silent: ['machined'] },
    { name: 'of a socket', of: 'machined', endpoint: unix(path), silent: ['machined'] },
    {
      name: 'of a multiplexer',
      of: 'firecracker',
      endpoint: { family: 'vsock-mux', path, port: 22 },
      silent: ['firecracker'],
    },
    { name: 'that is not there', of: 'machined', endpoint: vsock, code: 'ENOENT' },
  ])('$name is named: $silent', async ({ of, endpoint, code = 'TIMEOUT', silent }) => {
    const list = async () => ({ found: [], warnings: [{ provider: of, code, problem: 'no' }] });
    const source: Source = { name: of, title: of, list };
    expect((await withMachine({ text: 'x', address: endpoint }, {}, [source])).silent).toEqual(silent);
  });
});

it('only sources whose machines have such addresses are asked', async () => {
  const names = async (family: Endpoint['family']) =>
    (await loadKnowing({ env: {}, platform: 'linux' }, family)).map(({ name }) => name);
  expect(await names('unix')).toEqual(['machined', 'nspawn']);
  expect(await names('vsock')).toEqual(['machined', 'qemu', 'crosvm']);
  expect(await names('vsock-mux')).toEqual(['machined', 'qemu', 'crosvm', 'firecracker', 'cloud-hypervisor']);
});

describe('the machine that has an address', () => {
  it('is that of a CID, but for those of this host', async () => {
    expect(await by({ family: 'vsock', cid: 7, port: 22 }, { cid: 7 })).toMatchObject({ name: 'web' });
    for (const cid of [0, 1, 2])
      expect(await by({ family: 'vsock', cid, port: 22 }, { cid })).toBeUndefined();
    expect(await by({ family: 'vsock', cid: 8, port: 22 }, { cid: 7 })).toBeUndefined();
  });

  it("is none of a multiplexer, whose CIDs are not the kernel's", async () => {
    const mux = { cid: 7, ...at(`vsock-mux${path}`) };
    expect(await by({ family: 'vsock', cid: 7, port: 22 }, mux)).toBeUndefined();
    const web2 = { name: 'x', target: 'machine/x', uuid: undefined, cid: 7, ...at('vsock/7') };
    expect(await by({ family: 'vsock', cid: 7, port: 22 }, mux, web2)).toMatchObject({ name: 'x' });
  });

  const linkTo = (to: string, name: string) => {
    symlinkSync(to, join(dir, name));
    return join(dir, name);
  };

  it.each([
    ['as the machine has it', () => path],
    ['with two slashes', () => join(dir, 'sockets').concat('//web')],
    ['with "..", and "."', () => `${dir}/./sockets/../sockets/web`],
    ['by a link to the socket', () => linkTo(path, 'link')],
    ['by a link to its folder', () => join(linkTo('sockets', 'folder'), 'web')],
    [
      'by another name of the same file',
      () => {
        linkSync(path, join(dir, 'hard'));
        return join(dir, 'hard');
      },
    ],
  ])('is that of a socket, $0', async (_name, spell) => {
    const typed = unix(spell());
    expect(await by(typed, at(`unix${path}`))).toMatchObject({ name: 'web' });
  });

  it('is that of a multiplexer of its socket', async () => {
    const typed: Endpoint = { family: 'vsock-mux', path, port: 22 };
    expect(await by(typed, at(`vsock-mux${path}`))).toMatchObject({ name: 'web' });
    expect(await by(typed, at(`unix${path}`))).toBeUndefined();
  });

  it('is that of a socket that cannot be seen, if the path is the same', async () => {
    const gone = join(dir, 'unseen');
    expect(await by(unix(gone), at(`unix${gone}`))).toMatchObject({ name: 'web' });
  });

  it.skipIf(process.platform !== 'linux')(
    'is the container that exports it, by the sources of this host',
    async () => {
      const XDG_RUNTIME_DIR = join(dir, 'run');
      const socket = join(XDG_RUNTIME_DIR, 'systemd/nspawn/c1/unix-export/ssh');
      mkdirSync(dirname(socket), { recursive: true });
      await listening(createServer(), socket);
      const record = await withMachine({ text: 'x', address: unix(socket) }, { XDG_RUNTIME_DIR });
      expect(record.machine).toMatchObject({ name: 'c1', provider: 'nspawn' });
    },
  );

  it('is none on a network, where another one may answer later', async () => {
    const typed: Endpoint = { family: 'tcp', host: '192.0.2.1', port: 22 };
    expect(await by(typed, at('192.0.2.1'))).toBeUndefined();
  });

  it('is no machine of another socket, of one that is gone, of another kind, or of another user', async () => {
    expect(await by(unix(join(dir, 'other')), at(`unix${path}`))).toBeUndefined();
    expect(await by(unix(join(dir, 'gone')), at(`unix${join(dir, 'away')}`))).toBeUndefined();
    expect(await by(unix(path), at(`vsock-mux${path}`))).toBeUndefined();
    expect(await by(unix(path), { ...at(`unix${path}`), authority: 'other' })).toBeUndefined();
  });

  it('is none if two have it', async () => {
    const own = at(`unix${path}`);
    // The second is not the first by another source: it has a UUID of its own.
    const uuid = '22222222-2222-4333-8444-555555555555';
    for (const second of [
      { name: 'x', target: 'machine/x' },
      { provider: 'qemu', target: 'qemu/web', uuid },
    ])
      expect(await by(unix(path), own, { ...second, ...own })).toBeUndefined();
  });
});
