import { parsePort } from '../address/port.js';
import { parseSocketPath } from './socket-path.js';
import type { Kind } from './target.js';

/** vsock-mux/PATH: a multiplexer's unix socket, as of Firecracker, cloud-hypervisor and vhost-device-vsock. */
export const vsockMux: Kind = {
  name: 'vsock-mux',
  form: 'vsock-mux/PATH',
  summary: "a VM by its multiplexer's unix socket (Firecracker, cloud-hypervisor, vhost-device-vsock)",
  match: (text) => /^vsock-mux(?:[/%](.*)|:(.*?)(?::([^:/]*))?)$/is.exec(text),
  parse([, rest, path = '', port]) {
    if (rest !== undefined) return { kind: 'vsock-mux', ...parseSocketPath(rest) };
    return {
      kind: 'vsock-mux',
      ...parseSocketPath(path),
      ...(port === undefined ? {} : { port: parsePort(port) }),
    };
  },
};
