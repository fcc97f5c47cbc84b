import { portOfServiceId } from '../address/service-id.js';
import { shellQuoted } from '../address/shell-word.js';
import type { Endpoint, ViaSocket } from '../endpoint.js';
import { ConnectError } from '../errors.js';

/**
 * Refuses a port that an endpoint does not have: the server of its own port would answer for the one that was meant.
 * `text`: the target as typed. Throws a ConnectError.
 */
export function requirePort(endpoint: Endpoint | ViaSocket, port: number, text: string): void {
  switch (endpoint.family) {
    case 'unix':
      throw noPort(undefined, port, text);
    case 'hyper-v': {
      const own = portOfServiceId(endpoint.serviceId);
      if (own === undefined)
        throw refusal(`its address names another service: port ${port} cannot be reached`, port, text);
      requireOwn(own, port, text);
      return;
    }
    case 'exec':
      if (endpoint.into === 'shell' && port !== endpoint.port)
        throw refusal(
          `${endpoint.command[0]} starts its SSH server only: port ${port} cannot be reached`,
          port,
          text,
        );
      requireOwn(endpoint.port, port, text);
      return;
    case 'via':
      // The vmssh there judges a name.
      if (endpoint.at) requirePort(endpoint.at, port, text);
      return;
    default:
      requireOwn(endpoint.port, port, text);
  }
}

function requireOwn(own: number, port: number, text: string): void {
  if (own !== port) throw noPort(own, port, text);
}

/** The error for a port at an address with another one, `own`, or with none. */
export function noPort(own: number | undefined, port: number, text: string): ConnectError {
  const has = own === undefined ? 'this socket has no ports' : `its address names port ${own}`;
  return refusal(`${has}: ${port} cannot be reached`, port, text);
}

function refusal(problem: string, port: number, text: string): ConnectError {
  const forwarding = `${port}:127.0.0.1:${port} ${shellQuoted(text)}`;
  const isTcp = port > 0 && port <= 0xffff;
  const hint = `leave the port out${isTcp ? `, or for its TCP port: vmssh ssh -L ${forwarding}` : ''}`;
  return new ConnectError('connect', text, { code: 'NO_PORT', problem, hint });
}
