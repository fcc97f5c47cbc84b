import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { ConnectError, quote } from '../base/errors.js';
import { hasControlCharacter, type Split, split } from '../typed/names.js';
import { checkPort, isSshPort, parsePort, sshPort } from '../typed/numbers.js';
import { type Endpoint, formatEndpoint, type Route, routeBy } from '../typed/route.js';
import type { SocketContext, SocketTarget } from '../typed/socket-target.js';
import { parseUnix, parseVsock, parseVsockMux, routeToSocket } from '../typed/socket-target.js';

/** The routes to addresses that a tool or a process says, in their order, without those that cannot be used; `lack` gets why. */
export function routesTo(
  addresses: readonly (string | undefined)[],
  lack: (problem: string) => void = () => {},
): readonly Route[] {
  return addresses.flatMap((address) => {
    if (address === undefined) return [];
    try {
      return [routeTo(address)];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      lack(`${quote(address)} cannot be used: ${error.message}`);
      return [];
    }
  });
}

/** To "vsock/42", "unix/run/x", "192.0.2.1", "[::1]:2222", "web:2222". Throws a RangeError: for a list see `routesTo`. */
export function routeTo(address: string, context: SocketContext = here): Route {
  const step = `it has the SSH address ${quote(address)}`;
  const parts = split(address);
  const parse = parts.separator === '' ? undefined : sockets.get(parts.word);
  if (parse === undefined) return routeBy(tcpOf(address, context.port), [step]);
  if (hasControlCharacter(address)) throw new RangeError('it contains control characters');
  const route = routeToSocket(parse(parts), context);
  return { ...route, steps: [step, ...route.steps] };
}

/** The route to a machine's registered SSH address. Throws a ConnectError if it cannot be used. */
export function addressRoute(address: string, context: SocketContext & { readonly text: string }): Route {
  try {
    return routeTo(address, context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `its SSH address ${quote(address)} cannot be used: ${error.message}`,
      hint: 'expected vsock/CID, unix/PATH, an IP address or HOST:PORT from whatever registered the machine',
      cause: error,
    });
  }
}

const here: SocketContext = { port: sshPort, platform: process.platform, exists: existsSync };

/** The address of a machine's first route that has one, as it is listed: "vsock/42", "unix/run/x.sock", "127.0.0.1:60022". */
export function addressOf({ routes = [] }: { readonly routes?: readonly Route[] }): string | undefined {
  const first = routes.find(({ name }) => name !== 'exec' && name !== 'via');
  return first && addressAt(first.endpoint);
}

/** An endpoint as `routeTo` reads it; of a program its words. */
export function addressAt(endpoint: Endpoint): string {
  const own = 'port' in endpoint && !isSshPort(endpoint.port) ? `:${endpoint.port}` : '';
  switch (endpoint.family) {
    case 'unix':
      return `unix/${endpoint.path.replace(/^\//, '')}`;
    case 'vsock':
      return own ? `vsock:${endpoint.cid}${own}` : `vsock/${endpoint.cid}`;
    case 'vsock-mux':
      return own ? `vsock-mux:${endpoint.path}${own}` : `vsock-mux/${endpoint.path.replace(/^\//, '')}`;
    case 'tcp':
      return own && endpoint.host.includes(':') ? `[${endpoint.host}]${own}` : `${endpoint.host}${own}`;
    default:
      return formatEndpoint(endpoint);
  }
}

const sockets = new Map<string, (parts: Split) => SocketTarget>([
  ['unix', parseUnix],
  ['vsock', parseVsock],
  ['vsock-mux', parseVsockMux],
]);

function tcpOf(address: string, otherwise: number): Endpoint {
  if (isIP(address)) return { family: 'tcp', host: address, port: checkPort(otherwise, 'tcp') };
  const [, bracketed, bare, port] = /^(?:\[([^\][]+)\]|([^:\s[\]/]+))(?::(.*))?$/s.exec(address) ?? [];
  const host = bracketed ?? bare;
  if (host === undefined) throw new RangeError('it is neither a socket nor a host');
  if (bracketed !== undefined && isIP(bracketed) !== 6)
    throw new RangeError('no IPv6 address is in the brackets');
  const own = port === undefined ? checkPort(otherwise, 'tcp') : parsePort(port, 'tcp');
  return { family: 'tcp', host, port: own };
}

/** The CID in this host's kernel, if the machine has one: a multiplexer has machines of its own, whatever their CIDs. */
export function vhostCid({
  cid,
  routes = [],
}: {
  readonly cid?: number;
  readonly routes?: readonly Route[];
}): number | undefined {
  return routes.some(({ name }) => name === 'vsock-mux') ? undefined : cid;
}

/** The address to connect to, for one to listen on. */
export function loopbackFor(address: string): string {
  return ['', '0.0.0.0', '::'].includes(address) ? '127.0.0.1' : address;
}
