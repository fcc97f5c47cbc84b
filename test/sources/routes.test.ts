import { describe, expect, it } from 'vitest';
import { allRoutes } from '../../src/reach/routes.js';
import { resolveListed } from '../../src/sources/find.js';
import { listAll, routesOfOthers } from '../../src/sources/list-all.js';
import { mergeMachines } from '../../src/sources/merge.js';
import { addressOf, routeTo } from '../../src/sources/routes.js';
import type { DiscoveredMachine, Source } from '../../src/sources/source.js';
import { execRoutes } from '../../src/sources/tools/exec-route.js';
import { formatEndpoint, type Route } from '../../src/typed/route.js';
import { at } from './resolved.js';

it.each([
  ['vsock/42', 'vsock', false],
  ['vsock-mux/run/v.sock', 'vsock-mux', false],
  ['unix/run/x.sock', 'export', false],
  ['192.0.2.1', 'ip', true],
  ['2001:db8::1', 'ip', true],
  ['web:22', 'ip', true],
  ['localhost.example.org:22', 'ip', true],
  ['127.0.0.1:60022', 'ip', false],
  ['::1', 'ip', false],
  ['[::1]:2222', 'ip', false],
  ['localhost:2222', 'ip', false],
])('the address %s is of the route %s, over the network: %s', (address, route, network) => {
  expect(routeTo(address)).toMatchObject({ name: route, network });
});

describe('the routes of a machine', () => {
  const [exec = expect.unreachable()] = execRoutes(['podman', 'exec', 'web'], 'web');

  it('give it the address of the first that has one', () => {
    expect(addressOf({})).toBeUndefined();
    expect(addressOf({ routes: [exec] })).toBeUndefined();
    const addresses = ['vsock/3', 'vsock:3:5000', 'unix/run/x', 'vsock-mux:/v:5000', '[::1]:2222', 'fd00::1'];
    for (const each of addresses) expect(addressOf({ routes: [exec, routeTo(each)] })).toBe(each);
  });

  it('of two providers that have the same machine are joined, each once', () => {
    const known: DiscoveredMachine = {
      ...{ name: 'web', target: 'machine/web', status: 'running', provider: 'machined', uuid: 'u' },
      ...at('vsock/3'),
    };
    const other: DiscoveredMachine = {
      ...known,
      provider: 'qemu',
      target: 'qemu/web',
      ...at('127.0.0.1:2222'),
    };
    const routes = (...found: DiscoveredMachine[]) => mergeMachines(found).map((each) => each.routes);
    expect(routes(known, other)).toEqual([[routeTo('vsock/3'), routeTo('127.0.0.1:2222')]]);
    expect(routes(known, { ...other, routes: known.routes })).toEqual([known.routes]);
    expect(routes(known, { ...other, routes: [exec] })).toEqual([[routeTo('vsock/3'), exec]]);
  });

  it('that two sources have are listed in the order in which a login tries them', async () => {
    const machine = { name: 'web', status: 'running', pid: 7, authority: 'user' } as const;
    const own = { ...machine, target: 'machine/web', provider: 'machined', cid: 5, ...at('vsock/5') };
    const routes = ['unix/run/web.sock', 'vsock/5', 'vsock-mux/run/v.sock'].map((each) => routeTo(each));
    const sourceOf = (found: DiscoveredMachine): Source => ({
      ...{ name: found.provider, title: found.provider },
      list: async () => ({ found: [found], warnings: [] }),
    });
    const first = sourceOf(own);
    const second = sourceOf({ ...machine, target: 'qemu/web', provider: 'qemu', routes });
    const context = {
      env: {},
      text: 'machine/web',
      port: 22,
      platform: 'linux',
      exists: () => false,
    } as const;

    const { machines } = await listAll(context, [first, second]);
    const found = await resolveListed(own, first, context);
    const login = await allRoutes(
      { ...found, joined: () => routesOfOthers(own, context, [first, second]) },
      context,
    );
    const addresses = (all: readonly Route[] = []) => all.map(({ endpoint }) => formatEndpoint(endpoint));
    expect(addresses(machines[0]?.routes)).toEqual([
      'vsock:5:22',
      'unix:/run/web.sock',
      'vsock-mux:/run/v.sock:22',
    ]);
    expect(addresses(login)).toEqual(addresses(machines[0]?.routes));
  });
});
