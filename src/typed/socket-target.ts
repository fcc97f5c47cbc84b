import { ConnectError } from '../base/errors.js';
import { parseSocketPath, type Split, split } from './names.js';
import { cidLocal, type Guid, parseCid, parsePort, serviceIdOfPort } from './numbers.js';
import { type Route, routeBy, type ViaEndpoint, type ViaSocket } from './route.js';
import type { AnyTarget, SocketPath, UnixTarget, ViaTarget, VsockMuxTarget, VsockTarget } from './target.js';

export type SocketTarget = UnixTarget | VsockTarget | VsockMuxTarget;

/** `port`: if the address names none. */
export interface SocketContext {
  readonly port: number;
  readonly platform: NodeJS.Platform;
  readonly exists: (path: string) => boolean;
}

/** The route of a target that is a socket address: chooses the reading of its path, and the port. */
export function routeToSocket(target: SocketTarget, context: SocketContext): Route {
  if (target.kind === 'vsock') {
    const { cid, port = context.port } = target;
    return routeBy({ family: 'vsock', cid, port }, cid === cidLocal ? [own] : []);
  }
  const { path, steps } = resolvePath(target, context);
  if (target.kind === 'unix') return routeBy({ family: 'unix', path }, steps);
  return routeBy({ family: 'vsock-mux', path, port: target.port ?? context.port }, steps);
}

const own = `CID ${cidLocal} is this host itself, as ssh localhost is`;

/** The route to a port of a Hyper-V machine. Throws a ConnectError of op parse for one that no service has. */
export function routeToHyperV(
  vmId: Guid,
  { text, port }: { readonly text: string; readonly port: number },
): Route {
  try {
    return routeBy({ family: 'hyper-v', vmId, serviceId: serviceIdOfPort(port) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', text, { code: 'USAGE', problem: error.message });
  }
}

/** unix/PATH. Throws a RangeError. */
export function parseUnix({ rest }: Split): UnixTarget {
  return { kind: 'unix', ...parseSocketPath(rest) };
}

/** vsock/CID, or vsock:CID:PORT, since ssh's -p ends at 65535. Throws a RangeError. */
export function parseVsock({ separator, rest }: Split): VsockTarget {
  if (separator === ':') {
    const [cid = '', ...port] = rest.split(':');
    const own = port.length === 0 ? {} : { port: parsePort(port.join(':')) };
    return { kind: 'vsock', cid: parseCid(cid), ...own };
  }
  const { word, rest: port } = split(rest);
  if (word !== '' && port !== '')
    throw new RangeError(`only a CID can follow; for port ${port} use -p, or vsock:${word}:${port}`);
  return { kind: 'vsock', cid: parseCid(rest) };
}

/** vsock-mux/PATH, or vsock-mux:PATH:PORT. Throws a RangeError. */
export function parseVsockMux({ separator, rest }: Split): VsockMuxTarget {
  const at = separator === ':' ? rest.lastIndexOf(':') : -1;
  if (at < 0 || rest.includes('/', at)) return { kind: 'vsock-mux', ...parseSocketPath(rest) };
  const port = rest.slice(at + 1);
  return { kind: 'vsock-mux', ...parseSocketPath(rest.slice(0, at)), port: parsePort(port) };
}

/** Which reading of a socket path to use: the literal one if such a file exists, else the one with slashes. */
function resolvePath(target: SocketPath, context: SocketContext): { path: string; steps: string[] } {
  const path = onDrive(target.path, context.platform);
  const decodedPath = target.decodedPath && onDrive(target.decodedPath, context.platform);
  if (decodedPath === undefined) return { path, steps: [] };
  if (context.exists(path)) return { path, steps: [`a file ${path} exists, so "%" is meant literally`] };
  return { path: decodedPath, steps: [`no file ${path} exists, so "%" is read as "/"`] };
}

/** On Windows the slash before a drive belongs to the target: "/C:/x" is "C:/x". */
function onDrive(path: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? path.replace(/^\/(?=[a-z]:[\\/])/i, '') : path;
}

/** The hop to a machine behind another hypervisor. Nothing is looked up: only that hypervisor knows its machines. */
export function routeToHop(target: ViaTarget, { port }: SocketContext): Route {
  const endpoint = hopTo(target, port);
  return routeBy(endpoint, stepsOf(endpoint));
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
