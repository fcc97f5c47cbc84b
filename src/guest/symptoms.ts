import { type Endpoint, usesVsock } from '../endpoint.js';
import type { ConnectError } from '../errors.js';
import type { FailureName } from './failures.js';

/**
 * The possible causes of a failed connection, likeliest first; empty if the error is clear. `family` is the endpoint's:
 * causes in vsock need a connection over vsock.
 */
export function suspects(
  error: ConnectError,
  family?: Endpoint['family'] | undefined,
): readonly FailureName[] {
  return bySymptom(error).filter((name) => usesVsock(family) || !ofVsock.has(name));
}

const ofVsock: ReadonlySet<FailureName> = new Set([
  'listening',
  'address-form',
  'masked',
  'systemd',
  'hyper-v-cid',
  'transport',
  'denied',
]);

function bySymptom({ op, code, reason }: ConnectError): readonly FailureName[] {
  if (op === 'handshake' && code === 'NO_BANNER') {
    if (reason === 'silent') return ['accept'];
    if (reason === 'closed') return ['privsep', 'accept', 'host-keys', 'denied', 'listening'];
    return [];
  }
  if (op !== 'connect') return [];
  if (nobodyListens.has(code)) {
    return ['listening', 'address-form', 'masked', 'sshd', 'systemd', 'hyper-v-cid', 'transport'];
  }
  if (nobodyThere.has(code)) return ['transport'];
  return [];
}

/** The machine's kernel or a multiplexer refused. */
const nobodyListens: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EOF',
  'EPIPE',
  'WSAECONNREFUSED',
]);
/** Nothing answered at that address. */
const nobodyThere: ReadonlySet<string> = new Set([
  'ENODEV',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'WSAETIMEDOUT',
]);
