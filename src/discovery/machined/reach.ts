import type { Endpoint } from '../../endpoint.js';
import type { Machine } from './machine.js';

/** The way to a machine's SSH server, as far as its record tells. */
export type Route =
  /** By the socket that the container `name` exports: `findExport` knows its path. Where it exports none, `otherwise`. */
  | { readonly via: 'export'; readonly name: string; readonly otherwise: Route }
  | { readonly via: 'vsock'; readonly endpoint: Extract<Endpoint, { family: 'vsock' }> }
  /** By the text that was registered: "vsock/42", "unix/run/x", "192.0.2.1", "[::1]:2222", "host:port". */
  | { readonly via: 'sshAddress'; readonly address: string }
  | { readonly via: 'none'; readonly reason: string };

/** How to reach port `port` of a machine; an nspawn container has one server, whatever the port. */
export function routeTo(machine: Machine, port: number): Route {
  const way = routeByRecord(machine, port);
  const exports = machine.class === 'container' && machine.service === 'systemd-nspawn';
  return exports ? { via: 'export', name: machine.name, otherwise: way } : way;
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
