import type { Endpoint } from '../../endpoint.js';
import type { Machine } from './machine.js';

/** The route to a machine's SSH server, from its record. */
export type Route =
  /** By the socket that the container `name` exports, which `findExport` finds; if it exports none, `otherwise`. */
  | { readonly via: 'export'; readonly name: string; readonly otherwise: Route }
  | { readonly via: 'vsock'; readonly endpoint: Extract<Endpoint, { family: 'vsock' }> }
  /** By the registered text: "vsock/42", "unix/run/x", "192.0.2.1", "[::1]:2222", "host:port". */
  | { readonly via: 'sshAddress'; readonly address: string }
  | { readonly via: 'none'; readonly reason: string };

/** How to reach `port` of a machine; an nspawn container has one server, whatever the port. */
export function routeTo(machine: Machine, port: number): Route {
  const route = routeByRecord(machine, port);
  const exports = machine.class === 'container' && machine.service === 'systemd-nspawn';
  return exports ? { via: 'export', name: machine.name, otherwise: route } : route;
}

function routeByRecord(machine: Machine, port: number): Route {
  if (machine.vsockCid !== undefined) {
    return { via: 'vsock', endpoint: { family: 'vsock', cid: machine.vsockCid, port } };
  }
  if (machine.sshAddress !== undefined) return { via: 'sshAddress', address: machine.sshAddress };
  const service = machine.service === undefined ? '' : ` of ${machine.service}`;
  const reason = `machine "${machine.name}" (class ${machine.class}${service}) has neither a vsock CID nor an SSH address`;
  return { via: 'none', reason };
}
