import { isLoopback } from '../address/ip.js';
import type { ListedRoute } from '../route.js';
import type { DiscoveredMachine } from './provider.js';

/** A machine's routes, best first: those that its provider lists, else the one to its address; none if neither is known. */
export function listedRoutes({ routes, address }: RouteFields): readonly ListedRoute[] {
  return routes ?? (address === undefined ? [] : [routeTo(address)]);
}

type RouteFields = Pick<DiscoveredMachine, 'routes' | 'address'>;

/** The route to the address of a listed machine: "vsock/42", "unix/run/x.sock", "192.0.2.1", "127.0.0.1:60022". */
export function routeTo(address: string): Exclude<ListedRoute, { route: 'exec' }> {
  const [word = ''] = address.split('/', 1);
  switch (word) {
    case 'vsock':
    case 'vsock-mux':
      return { route: word, address };
    case 'unix':
      return { route: 'export', address };
    default:
      return { route: 'ip', address };
  }
}

/** Whether a route is over the network: neither a socket nor the loopback of this host, to which managers forward ports. */
export function isListedOnNetwork(route: ListedRoute): boolean {
  if (route.route !== 'ip') return false;
  const [, bracketed, bare] = /^(?:\[(.*)\]|([^:]*))(?::\d+)?$/s.exec(route.address) ?? [];
  return !isLoopback(bracketed ?? bare ?? route.address);
}

/** The routes of two entries of the same machine, each once, exported sockets first; undefined if its address is all that is known. */
export function joinedRoutes(known: RouteFields, other: RouteFields): readonly ListedRoute[] | undefined {
  const all = new Map(
    [...listedRoutes(known), ...listedRoutes(other)].map((each) => [JSON.stringify(each), each]),
  );
  if (all.size < 2) return known.routes ?? other.routes;
  const isExport = ({ route }: ListedRoute) => route === 'export';
  const routes = [...all.values()];
  return [...routes.filter(isExport), ...routes.filter((each) => !isExport(each))];
}
