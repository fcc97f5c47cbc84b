import type { ViaEndpoint, ViaSocket } from '../endpoint.js';
import type { AnyTarget, UnixTarget, ViaTarget, VsockMuxTarget, VsockTarget } from '../target/target.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** The hop to a machine behind another hypervisor. Nothing is looked up: only that hypervisor knows its machines. */
export function resolveVia(target: ViaTarget, { port }: Pick<ResolveContext, 'port'>): Resolution {
  const endpoint = hopTo(target, port);
  return { endpoint, steps: stepsOf(endpoint) };
}

function hopTo({ host, target, inner }: ViaTarget, port: number): ViaEndpoint {
  const at = inner && socketOf(inner, port);
  return { family: 'via', host, target, port: at && 'port' in at ? at.port : port, ...(at ? { at } : {}) };
}

/** The socket that any tool can open there; undefined for a machine that only vmssh can find. */
function socketOf(inner: AnyTarget, port: number): ViaSocket | ViaEndpoint | undefined {
  switch (inner.kind) {
    case 'unix':
      return { family: 'unix', ...pathsOf(inner as UnixTarget) };
    case 'vsock': {
      const { cid, port: own = port } = inner as VsockTarget;
      return { family: 'vsock', cid, port: own };
    }
    case 'vsock-mux': {
      const { port: own = port } = inner as VsockMuxTarget;
      return { family: 'vsock-mux', ...pathsOf(inner as VsockMuxTarget), port: own };
    }
    case 'via':
      return hopTo(inner as ViaTarget, port);
    default:
      return undefined;
  }
}

function pathsOf({ path, decodedPath }: { readonly path: string; readonly decodedPath?: string }) {
  return { path, ...(decodedPath === undefined ? {} : { otherPath: decodedPath }) };
}

function stepsOf({ host, target, at }: ViaEndpoint): readonly string[] {
  if (at?.family === 'via') return [`ssh to ${host}, and on from there`, ...stepsOf(at)];
  const tools = at ? 'vmssh, python3, socat or ncat' : 'vmssh';
  return [`ssh to ${host}, and ${target} there by its ${tools}`];
}
