import { isIP } from 'node:net';
import { hasControlCharacter } from '../address/control-character.js';
import { checkPort, parsePort } from '../address/port.js';
import { DiscoveryError } from '../discovery/discovery-error.js';
import type { DiscoveredMachine } from '../discovery/provider.js';
import { isOnNetwork } from '../discovery/routes.js';
import { execBy } from '../discovery/tools/exec-route.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote } from '../errors.js';
import type { ListedRoute, Route } from '../route.js';
import { type Split, split } from '../target/split.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { parseUnix, parseVsock, parseVsockMux, resolveSocket, type SocketTarget } from './socket.js';

/** The endpoint of a machine's registered SSH address: "vsock/42", "unix/run/x", "192.0.2.1", "[::1]:2222", "web:2222". */
export function resolveSshAddress(address: string, context: ResolveContext): Resolution {
  const step = `it has the SSH address ${quote(address)}`;
  try {
    const { endpoint, steps } = socketOf(address, context) ?? {
      endpoint: tcpOf(address, context.port),
      steps: [],
    };
    return { endpoint, steps: [step, ...steps] };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof ConnectError)) throw error;
    const why = error instanceof ConnectError ? error.problem : error.message;
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `its SSH address ${quote(address)} cannot be used: ${why}`,
      hint: 'expected vsock/CID, unix/PATH, an IP address or HOST:PORT from whatever registered the machine',
      cause: error,
    });
  }
}

/** The routes after the first: those to an address on the network are only for `ip`. */
export function restOf(
  listed: readonly ListedRoute[],
  machine: string,
  context: ResolveContext,
): Pick<Resolution, 'others' | 'ip'> {
  const ip = listed.find(isOnNetwork);
  const others = listed.filter((route) => !isOnNetwork(route));
  return {
    ...(others.length === 0
      ? {}
      : { others: async () => others.map((each) => listedRoute(each, machine, context)) }),
    ...(ip === undefined ? {} : { ip: async () => listedRoute(ip, machine, context) }),
  };
}

/** The routes that only other sources have for a machine. */
export async function joinedTo(found: DiscoveredMachine, context: ResolveContext): Promise<readonly Route[]> {
  const { routesOfOthers } = await import('../discovery/vmm/routes-of-others.js');
  const routes = await routesOfOthers(found, context);
  return routes.map((each) => listedRoute(each, found.name, context));
}

/** Asks a manager for the IP address of a machine within `timeoutMs`. */
export type AddressOf = (timeoutMs: number) => Promise<string | undefined>;

/** For asking a manager. Milliseconds. */
const longestMs = 20_000;

/** The route to an IP address that its manager has to be asked for. */
export function askedIp(addressOf: AddressOf, context: ResolveContext): NonNullable<Resolution['ip']> {
  return async (leftMs = longestMs) => {
    const address = await addressOf(Math.min(leftMs, longestMs)).catch((cause) => {
      context.signal?.throwIfAborted();
      if (!(cause instanceof DiscoveryError)) throw cause;
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: `its IP address could not be asked for: ${cause.message}`,
        hint: cause.hint,
        cause,
      });
    });
    return address === undefined ? undefined : { name: 'ip', ...resolveSshAddress(address, context) };
  };
}

/** A listed route of a machine, which its manager knows by this name. */
export function listedRoute(listed: ListedRoute, machine: string, context: ResolveContext): Route {
  if (listed.route === 'exec') return { name: 'exec', ...execBy(listed.command, machine, context.port) };
  const { endpoint, steps } = resolveSshAddress(listed.address, context);
  return { name: listed.route, endpoint, steps };
}

function socketOf(address: string, context: ResolveContext): Resolution | undefined {
  const parts = split(address);
  const parse = parts.separator === '' ? undefined : sockets.get(parts.word);
  if (parse === undefined) return undefined;
  if (hasControlCharacter(address)) throw new RangeError('it contains control characters');
  return resolveSocket(parse(parts), context);
}

const sockets: ReadonlyMap<string, (parts: Split) => SocketTarget> = new Map<
  string,
  (parts: Split) => SocketTarget
>([
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
  return {
    family: 'tcp',
    host,
    port: port === undefined ? checkPort(otherwise, 'tcp') : parsePort(port, 'tcp'),
  };
}
