import type { UnixTarget, VsockMuxTarget, VsockTarget } from '../target/target.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolvePath } from './socket-path.js';

export type SocketTarget = UnixTarget | VsockTarget | VsockMuxTarget;

/** The endpoint of a target that is a socket address: chooses the reading of its path, and the port. */
export function resolveSocket(target: SocketTarget, context: ResolveContext): Resolution {
  switch (target.kind) {
    case 'unix': {
      const { path, steps } = resolvePath(target, context);
      return { endpoint: { family: 'unix', path }, steps };
    }
    case 'vsock': {
      const { cid, port = context.port } = target;
      return { endpoint: { family: 'vsock', cid, port }, steps: [] };
    }
    case 'vsock-mux': {
      const { path, steps } = resolvePath(target, context);
      return { endpoint: { family: 'vsock-mux', path, port: target.port ?? context.port }, steps };
    }
  }
}
