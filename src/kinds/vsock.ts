import { parseVsock, resolveSocket } from '../resolve/socket.js';
import type { VsockTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** vsock/CID: a virtual machine by its context id. */
export const vsockKind: Kind<VsockTarget> = {
  name: 'vsock',
  form: 'vsock/CID',
  summary: 'a virtual machine by its vsock CID: a number, or hypervisor, local, host',
  separators: '/%:',
  rest: 'address',
  from: 'linux',
  takesPort: true,
  hostKey: 'none',
  providers: [],
  parse: parseVsock,
  resolve: resolveSocket,
};
