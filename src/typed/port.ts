import { ConnectError } from '../base/errors.js';
import { isSshPort, portOfServiceId } from './numbers.js';
import type { Endpoint, Route, ViaSocket } from './route.js';
import { shellQuoted } from './shell.js';

/** A listed route, which leads to the SSH server, for another port of the machine. One that has no other port stays: `requirePort` refuses it. */
export function atPort(route: Route, port: number): Route {
  const { endpoint, network } = route;
  if (isSshPort(port)) return route;
  switch (endpoint.family) {
    case 'vsock':
    case 'vsock-mux':
      return isSshPort(endpoint.port) ? { ...route, endpoint: { ...endpoint, port } } : route;
    case 'tcp':
      if (!network || !isSshPort(endpoint.port) || !isTcpPort(port)) return route;
      return { ...route, endpoint: { ...endpoint, port } };
    case 'exec': {
      if (endpoint.into !== 'port') return route;
      const command = [...endpoint.command.slice(0, -1), String(port)];
      const steps = [`${endpoint.command[0]} connects to its port ${port}`];
      return { ...route, endpoint: { ...endpoint, command, port }, steps };
    }
    default:
      return route;
  }
}

/**
 * Refuses a port that an endpoint does not have, since that of its own would answer. `hasIp`: the machine has an IP
 * address that was not asked for. Throws a ConnectError.
 */
export function requirePort(endpoint: Endpoint | ViaSocket, port: number, text: string, hasIp = false): void {
  const problem = portProblem(endpoint, port);
  if (problem !== undefined) throw refusal(problem, port, text, hasIp);
}

/** The error for a port at an address with another one, `own`, or with none. */
export function noPort(own: number | undefined, port: number, text: string): ConnectError {
  return refusal(otherPort(own, port), port, text, false);
}

function portProblem(endpoint: Endpoint | ViaSocket, port: number): string | undefined {
  switch (endpoint.family) {
    case 'unix':
      return otherPort(undefined, port);
    case 'hyper-v': {
      const own = portOfServiceId(endpoint.serviceId);
      if (own === undefined) return `its address names another service: port ${port} cannot be reached`;
      return own === port ? undefined : otherPort(own, port);
    }
    case 'exec':
      if (endpoint.into !== 'port' && port !== endpoint.port)
        return `${endpoint.command[0]} ${endpoint.into === 'shell' ? 'starts' : 'reaches'} its SSH server only: port ${port} cannot be reached`;
      break;
    case 'via':
      // The vmssh there judges a name.
      return endpoint.at && portProblem(endpoint.at, port);
  }
  return endpoint.port === port ? undefined : otherPort(endpoint.port, port);
}

function otherPort(own: number | undefined, port: number): string {
  const has = own === undefined ? 'this socket has no ports' : `its address names port ${own}`;
  return `${has}: ${port} cannot be reached`;
}

function refusal(problem: string, port: number, text: string, hasIp: boolean): ConnectError {
  const forwarding = `${port}:127.0.0.1:${port} ${shellQuoted(text)}`;
  const isTcp = isTcpPort(port);
  const byIp = isTcp && hasIp ? '--route ip for the port of its IP address, ' : '';
  const byConfig = `ssh -p 22, if a Port in your ssh configuration is ${port}`;
  const hint = `${byIp}use port 22, its SSH server${isTcp ? ` (${byConfig}), or for its TCP port: vmssh ssh -L ${forwarding}` : ''}`;
  return new ConnectError('connect', text, { code: 'NO_PORT', final: true, problem, hint });
}

function isTcpPort(port: number): boolean {
  return port > 0 && port <= 0xffff;
}
