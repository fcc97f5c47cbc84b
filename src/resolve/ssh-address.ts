import { isIP } from 'node:net';
import { hasControlCharacter } from '../address/names.js';
import { checkPort, parsePort } from '../address/numbers.js';
import type { Endpoint } from '../endpoint.js';
import { ConnectError, quote } from '../errors.js';
import { type Split, split } from '../target/text.js';
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
