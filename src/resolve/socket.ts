import { cidLocal, parseCid, parsePort } from '../address/numbers.js';
import type { SocketPath, UnixTarget, VsockMuxTarget, VsockTarget } from '../target/target.js';
import { parseSocketPath, type Split, split } from '../target/text.js';
import type { Resolution, ResolveContext } from './resolution.js';

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
      return { endpoint: { family: 'vsock', cid, port }, steps: cid === cidLocal ? [own] : [] };
    }
    case 'vsock-mux': {
      const { path, steps } = resolvePath(target, context);
      return { endpoint: { family: 'vsock-mux', path, port: target.port ?? context.port }, steps };
    }
  }
}

const own = `CID ${cidLocal} is this host itself, as ssh localhost is`;

/** unix/PATH. Throws a RangeError. */
export function parseUnix({ rest }: Split): UnixTarget {
  return { kind: 'unix', ...parseSocketPath(rest) };
}

/** vsock/CID, or vsock:CID:PORT, since ssh's -p ends at 65535. Throws a RangeError. */
export function parseVsock({ separator, rest }: Split): VsockTarget {
  if (separator === ':') {
    const [cid = '', ...port] = rest.split(':');
    return {
      kind: 'vsock',
      cid: parseCid(cid),
      ...(port[0] === undefined ? {} : { port: parsePort(port.join(':')) }),
    };
  }
  const more = split(rest);
  if (more.word !== '' && more.rest !== '') {
    throw new RangeError(
      `only a CID can follow; for port ${more.rest} use -p, or vsock:${more.word}:${more.rest}`,
    );
  }
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
function resolvePath(target: SocketPath, context: ResolveContext): { path: string; steps: string[] } {
  const path = onDrive(target.path, context.platform);
  const decodedPath = target.decodedPath && onDrive(target.decodedPath, context.platform);
  if (decodedPath === undefined) return { path, steps: [] };
  if (context.exists(path)) return { path, steps: [`a file ${path} exists, so "%" is meant literally`] };
  return { path: decodedPath, steps: [`no file ${path} exists, so "%" is read as "/"`] };
}

/** On Windows the slash before a drive belongs to the target: "/C:/x" is "C:/x". */
export function onDrive(path: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? path.replace(/^\/(?=[a-z]:[\\/])/i, '') : path;
}
