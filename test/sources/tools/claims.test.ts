import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMachine } from '../../../src/sources/find.js';
import { listAll } from '../../../src/sources/list-all.js';
import { lima, listLima } from '../../../src/sources/managers/lima.js';
import { routesTo, routeTo } from '../../../src/sources/routes.js';
import type { DiscoveredMachine, Source } from '../../../src/sources/source.js';
import { withoutContested } from '../../../src/sources/tools/claims.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { at } from '../resolved.js';

const dir = useTempDir();
const socket = join(dir, 'v.sock');
writeFileSync(socket, '');
symlinkSync(socket, join(dir, 'link.sock'));
linkSync(socket, join(dir, 'hard.sock'));

const machine = (name: string, fields: Partial<DiscoveredMachine>): DiscoveredMachine => ({
  ...{ name, target: `p/${name}`, status: 'running', provider: 'p' },
  ...fields,
});

describe('an address that two machines claim', () => {
  type Two = readonly [Partial<DiscoveredMachine>, Partial<DiscoveredMachine>];
  const mux = at(`vsock-mux${socket}`);
  const rows: readonly { name: string; two: Two; place?: string }[] = [
    { name: 'a socket', two: [mux, mux], place: socket },
    { name: 'a socket by a link', two: [mux, at(`unix${dir}/link.sock`)], place: socket },
    { name: 'a socket by a second name', two: [mux, at(`vsock-mux${dir}/hard.sock`)], place: socket },
    { name: 'a path where nothing is yet', two: [at('unix/none/x'), at('unix/none/x')], place: '/none/x' },
    { name: 'a CID', two: [{ cid: 7 }, at('vsock/7')], place: 'CID 7' },
    {
      name: 'a port of this host',
      two: [at('127.0.0.1:60022'), { status: 'unknown', ...at('127.0.0.1:60022') }],
      place: 'port 60022 of 127.0.0.1',
    },
    { name: 'an address of a network', two: [at('10.0.2.15:22'), at('10.0.2.15:22')] },
    { name: 'a CID, one for a multiplexer', two: [{ cid: 3 }, { ...mux, cid: 3 }] },
    { name: 'a CID of one that is off', two: [{ cid: 7 }, { cid: 7, status: 'off' }] },
    { name: "another user's", two: [{ cid: 7 }, { cid: 7, authority: 'other' }] },
    { name: 'one that is typed by it', two: [mux, { ...mux, target: `vsock-mux${socket}` }] },
    { name: 'of one name at two providers', two: [mux, { ...mux, name: 'One', provider: 'q' }] },
  ];

  it.each(rows)('$name: $place', async ({ two: [a, b], place }) => {
    const found = [machine('one', a), machine('two', b), machine('three', at('vsock/9'))];
    const { machines, warnings } = withoutContested(found);
    if (place === undefined) {
      expect({ machines, warnings }).toEqual({ machines: found, warnings: [] });
      return;
    }
    const problem = `${place} is claimed by p/one, p/two: vmssh reaches none of them by it`;
    expect(warnings).toEqual([{ provider: 'p', code: 'ADDRESS_TWICE', problem }]);
    expect(machines.map(({ routes }) => routes)).toEqual([[], [], [routeTo('vsock/9')]]);
  });

  it('leaves the other routes', async () => {
    const routes = [routeTo('vsock/7'), routeTo('127.0.0.1:2222')];
    const { machines } = withoutContested([machine('one', { routes }), machine('two', { cid: 7 })]);
    expect(machines.map((each) => each.routes)).toEqual([[routeTo('127.0.0.1:2222')], []]);
  });
});

describe('two running instances of Lima with one port', () => {
  const instance = (name: string, port: number) =>
    JSON.stringify({ name, status: 'Running', sshLocalPort: port });
  const text = [instance('one', 60022), instance('two', 60022), instance('three', 60023)].join('\n');
  const source: Source = { ...lima, list: (deps) => listLima(deps, async () => text, 1000) };
  const problem =
    'port 60022 of 127.0.0.1 is claimed by lima/one, lima/two: vmssh reaches none of them by it';

  it('have no route in a list, with a warning', async () => {
    const { machines, warnings } = await listAll({ env: {} }, [source]);
    expect(machines.map(({ routes }) => routes)).toEqual([[], [], routesTo(['127.0.0.1:60023'])]);
    expect(warnings).toEqual([{ provider: 'lima', code: 'ADDRESS_TWICE', problem }]);
  });

  it('are not reached by their names', async () => {
    const reach = (name: string) =>
      findMachine([async () => source], name, {
        ...{ env: {}, platform: 'linux', port: 22, exists: () => false, text: `lima/${name}` },
      });
    await expect(reach('one')).rejects.toThrow(problem);
    expect((await reach('three')).routes).toHaveLength(1);
  });
});
