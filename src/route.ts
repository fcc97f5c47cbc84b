import type { Endpoint } from './endpoint.js';
import { isLoopback } from './target/ip.js';

/** The routes that a machine may have: --route takes these words. docs/routes.md shows which manager gives which. */
export const routeNames = ['export', 'vsock', 'vsock-mux', 'hyper-v', 'exec', 'ip'] as const;

export type RouteName = (typeof routeNames)[number];

/** A route to a machine's SSH server that can be opened. */
export interface Route {
  /** Of a hop, whose other end chooses: "via". */
  readonly name: RouteName | 'via';
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** Whether it goes over the network: neither a socket nor the loopback of this host, to which managers forward ports. */
  readonly network: boolean;
}

/** The route that opens this endpoint. */
export function routeBy(endpoint: Endpoint, steps: readonly string[] = []): Route {
  const network = endpoint.family === 'tcp' && !isLoopback(endpoint.host);
  return { name: routeOf(endpoint) ?? 'via', endpoint, steps, network };
}

/** What each route costs and needs. */
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
export function routeOf({ family }: Pick<Endpoint, 'family'>): RouteName | undefined {
  switch (family) {
    case 'unix':
      return 'export';
    case 'tcp':
      return 'ip';
    case 'via':
      return undefined;
    default:
      return family;
  }
}
