import { describe, expect, it } from 'vitest';
import { mergeMachines } from '../../src/sources/merge.js';
import type { DiscoveredMachine } from '../../src/sources/provider.js';
import { listedRoutes, routeTo } from '../../src/sources/routes.js';
import { execRoute } from '../../src/sources/tools/exec-route.js';

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
  const exec = execRoute('podman', 'web') ?? expect.unreachable();

  it('are those that its provider lists, or the one to its address', () => {
    expect(listedRoutes({})).toEqual([]);
    expect(listedRoutes({ address: 'vsock/3' })).toEqual([routeTo('vsock/3')]);
    expect(listedRoutes({ address: 'vsock/3', routes: [exec] })).toEqual([exec]);
  });

  it('of two providers that have the same machine are joined, each once', () => {
    const known: DiscoveredMachine = {
      ...{ name: 'web', target: 'machine/web', status: 'running', provider: 'machined', uuid: 'u' },
      address: 'vsock/3',
    };
    const other: DiscoveredMachine = {
      ...known,
      provider: 'qemu',
      target: 'qemu/web',
      address: '127.0.0.1:2222',
    };
    const routes = (...found: DiscoveredMachine[]) => mergeMachines(found).map((each) => each.routes);
    expect(routes(known, other)).toEqual([[routeTo('vsock/3'), routeTo('127.0.0.1:2222')]]);
    expect(routes(known, { ...other, address: 'vsock/3' })).toEqual([undefined]);
    expect(routes(known, { ...other, address: undefined, routes: [exec] })).toEqual([
      [routeTo('vsock/3'), exec],
    ]);
  });
});
