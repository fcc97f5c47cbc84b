import { parseCid } from '../address/cid.js';
import { parsePort } from '../address/port.js';
import { parseSocketPath } from './socket-path.js';
import { type Split, split } from './split.js';
import type { UnixTarget, VsockMuxTarget, VsockTarget } from './target.js';

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
