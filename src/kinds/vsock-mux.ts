import { parseVsockMux, resolveSocket } from '../resolve/socket.js';
import type { VsockMuxTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** vsock-mux/PATH: a multiplexer's unix socket, as in Firecracker, cloud-hypervisor and vhost-device-vsock. */
export const vsockMuxKind: Kind<VsockMuxTarget> = {
  name: 'vsock-mux',
  form: 'vsock-mux/PATH',
  summary: "a VM by its multiplexer's unix socket (Firecracker, cloud-hypervisor, vhost-device-vsock)",
  separators: '/%:',
  rest: 'path',
  from: 'anywhere',
  takesPort: true,
  hostKey: 'none',
  providers: [],
  parse: parseVsockMux,
  resolve: resolveSocket,
};
