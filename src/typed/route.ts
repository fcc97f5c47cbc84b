import { isLoopback } from './names.js';
import type { Guid } from './numbers.js';

/** The routes that a machine may have: --route takes these words. docs/routes.md shows which manager gives which. */
export const routeNames = ['export', 'vsock', 'vsock-mux', 'hyper-v', 'exec', 'ip'] as const;

export type RouteName = (typeof routeNames)[number];

export interface Route {
  /** Of a hop, whose other end chooses: "via". */
  readonly name: RouteName | 'via';
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** Whether it goes over the network: neither a socket nor the loopback of this host, to which managers forward ports. */
  readonly network: boolean;
}

export function routeBy(endpoint: Endpoint, steps: readonly string[] = []): Route {
  const network = endpoint.family === 'tcp' && !isLoopback(endpoint.host);
  return { name: routeOf(endpoint) ?? 'via', endpoint, steps, network };
}

export const routeFacts: Readonly<Record<RouteName, { readonly costs: string; readonly needs: string }>> = {
  export: { costs: 'one unix socket', needs: 'the socket that the machine or its manager puts on this host' },
  vsock: { costs: 'one vsock socket', needs: 'a vsock device, and sshd on vsock port 22 in the guest' },
  'vsock-mux': {
    costs: 'one unix socket and a line to its hypervisor',
    needs: "access to the hypervisor's socket, and sshd on vsock port 22 in the guest",
  },
  'hyper-v': { costs: 'one Hyper-V socket', needs: 'Windows, and sshd on vsock port 22 in the guest' },
  exec: {
    costs: 'a program of the manager for each connection',
    needs: 'the manager, and sshd installed in the guest',
  },
  ip: {
    costs: 'a TCP connection',
    needs: 'sshd on a network that this host reaches; a network is used only with --route ip',
  },
};

/** The route that opening an endpoint is; undefined for a hop, whose other end chooses. */
export function routeOf({ family }: Endpoint): RouteName | undefined {
  if (family === 'unix') return 'export';
  if (family === 'tcp') return 'ip';
  return family === 'via' ? undefined : family;
}

/** A socket address that a target resolves to. Ports and CIDs are unsigned 32-bit numbers. */
export type Endpoint =
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'vsock'; readonly cid: number; readonly port: number }
  | { readonly family: 'vsock-mux'; readonly path: string; readonly port: number }
  | { readonly family: 'tcp'; readonly host: string; readonly port: number }
  | { readonly family: 'hyper-v'; readonly vmId: Guid; readonly serviceId: Guid }
  | ExecEndpoint
  | ViaEndpoint;

/** A program whose stdin and stdout are the connection. */
export interface ExecEndpoint {
  readonly family: 'exec';
  /** Up to what runs in the machine: "lxc-attach", "--name", "web", "--". */
  readonly command: readonly string[];
  readonly machine: string;
  /** What it leads to: a shell in the machine, which then starts sshd; the server of a port; or the SSH server only. */
  readonly into: 'shell' | 'port' | 'ssh';
  readonly port: number;
}

export interface ViaEndpoint {
  readonly family: 'via';
  readonly host: string;
  /** The target as it is typed there. */
  readonly target: string;
  readonly port: number;
  /** The socket to open there; undefined if only vmssh can find it. */
  readonly at?: ViaSocket | ViaEndpoint | undefined;
}

/** `otherPath`: the second reading of a path, used there if no file exists at the first. */
export type ViaSocket = Extract<Endpoint, { readonly family: 'unix' | 'vsock' | 'vsock-mux' }> & {
  readonly otherPath?: string | undefined;
};

/** Whether the connection goes over the machine's vsock; true if the family is not known yet. */
export function usesVsock(family: Endpoint['family'] | undefined): boolean {
  return family !== 'unix' && family !== 'tcp' && family !== 'exec' && family !== 'via';
}

/** The routes that only other sources have, which a login tries once all of the machine's own have failed. */
export function routesAfter<R extends { readonly endpoint: Endpoint }>(
  own: readonly R[],
  others: readonly R[],
): readonly R[] {
  const known = new Set(own.map(({ endpoint }) => formatEndpoint(endpoint)));
  return others.filter(({ endpoint }) => !known.has(formatEndpoint(endpoint)));
}

/** The endpoint as a literal target: "unix:/run/x", "vsock:3:22", "hvsock:VMID:SERVICEID"; of a program its words. */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.family) {
    case 'unix':
      return `unix:${endpoint.path}`;
    case 'vsock':
      return `vsock:${endpoint.cid}:${endpoint.port}`;
    case 'vsock-mux':
      return `vsock-mux:${endpoint.path}:${endpoint.port}`;
    case 'tcp':
      return `tcp:${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
    case 'hyper-v':
      return `hvsock:${endpoint.vmId}:${endpoint.serviceId}`;
    case 'exec':
      return `exec:${endpoint.command.join(' ')}`;
    case 'via':
      return `via/${endpoint.host}/${endpoint.at ? formatEndpoint(endpoint.at) : endpoint.target}`;
  }
}
