import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/endpoint.js';
import { withMachine } from '../../src/identity/known-address.js';
import type { DiscoveredMachine } from '../../src/sources/provider.js';
import { routeTo } from '../../src/sources/routes.js';
import type { Source } from '../../src/sources/source.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const path = join(dir, 'sockets/web');
mkdirSync(join(dir, 'sockets'));
for (const each of [path, join(dir, 'other')]) writeFileSync(each, '');

const web = {
  name: 'web',
  target: 'machine/web',
  status: 'running',
  provider: 'machined',
  uuid: '11111111-2222-4333-8444-555555555555',
} as const;
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

describe('the machine that has an address', () => {
  it('is that of a CID, but for those of this host', async () => {
    expect(await by({ family: 'vsock', cid: 7, port: 22 }, { cid: 7 })).toMatchObject({ name: 'web' });
    for (const cid of [0, 1, 2])
      expect(await by({ family: 'vsock', cid, port: 22 }, { cid })).toBeUndefined();
    expect(await by({ family: 'vsock', cid: 8, port: 22 }, { cid: 7 })).toBeUndefined();
  });

  it.each([
    { name: 'as the machine has it', spell: () => path },
    { name: 'with two slashes', spell: () => join(dir, 'sockets').concat('//web') },
    { name: 'with "..", and "."', spell: () => `${dir}/./sockets/../sockets/web` },
    {
      name: 'by a link to the socket',
      spell: () => {
        symlinkSync(path, join(dir, 'link'));
        return join(dir, 'link');
      },
    },
    {
      name: 'by a link to its folder',
      spell: () => {
        symlinkSync('sockets', join(dir, 'folder'));
        return join(dir, 'folder/web');
      },
    },
    {
      name: 'by another name of the same file',
      spell: () => {
        linkSync(path, join(dir, 'hard'));
        return join(dir, 'hard');
      },
    },
  ])('is that of a socket, $name', async ({ spell }) => {
    const typed = unix(spell());
    expect(await by(typed, { address: `unix${path}` })).toMatchObject({ name: 'web' });
    expect(await by(typed, { routes: [routeTo(`unix${path}`)] })).toMatchObject({ name: 'web' });
  });

  it('is that of a multiplexer of its socket', async () => {
    const typed: Endpoint = { family: 'vsock-mux', path, port: 22 };
    expect(await by(typed, { address: `vsock-mux${path}` })).toMatchObject({ name: 'web' });
    expect(await by(typed, { routes: [routeTo(`vsock-mux${path}`)] })).toMatchObject({ name: 'web' });
    expect(await by(typed, { address: `unix${path}` })).toBeUndefined();
  });

  it('is that of a socket that cannot be seen, if the path is the same', async () => {
    const gone = join(dir, 'unseen');
    expect(await by(unix(gone), { address: `unix${gone}` })).toMatchObject({ name: 'web' });
  });

  it('is none on a network, where another one may answer later', async () => {
    const typed: Endpoint = { family: 'tcp', host: '192.0.2.1', port: 22 };
    expect(await by(typed, { address: '192.0.2.1' })).toBeUndefined();
  });

  it('is no machine of another socket, of one that is gone, of another kind, or of another user', async () => {
    expect(await by(unix(join(dir, 'other')), { address: `unix${path}` })).toBeUndefined();
    expect(await by(unix(join(dir, 'gone')), { address: `unix${join(dir, 'away')}` })).toBeUndefined();
    expect(await by(unix(path), { address: `vsock-mux${path}` })).toBeUndefined();
    expect(await by(unix(path), { routes: [routeTo(`vsock-mux${path}`)] })).toBeUndefined();
    expect(await by(unix(path), { address: `unix${path}`, authority: 'other' })).toBeUndefined();
  });

  it('is none if two have it', async () => {
    const two = [{ address: `unix${path}` }, { name: 'x', target: 'machine/x', address: `unix${path}` }];
    expect(await by(unix(path), ...two)).toBeUndefined();
  });
});
