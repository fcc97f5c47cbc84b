import { parsePort } from '../address/port.js';
import { parseSocketPath } from './socket-path.js';
import type { Kind } from './target.js';

/** vsock-mux/PATH: a multiplexer's unix socket, as of Firecracker, cloud-hypervisor and vhost-device-vsock. */
export const vsockMux: Kind = {
  name: 'vsock-mux',
  form: 'vsock-mux/PATH',
  summary: "a VM by its multiplexer's unix socket (Firecracker, cloud-hypervisor, vhost-device-vsock)",
  words: ['vsock-mux'],
  separators: '/%:',
  parse({ separator, rest }) {
    const at = separator === ':' ? rest.lastIndexOf(':') : -1;
    if (at < 0 || rest.includes('/', at)) return { kind: 'vsock-mux', ...parseSocketPath(rest) };
    const port = rest.slice(at + 1);
    return { kind: 'vsock-mux', ...parseSocketPath(rest.slice(0, at)), port: parsePort(port) };
  },
};
