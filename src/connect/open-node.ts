import { connect } from 'node:net';
import type { Endpoint } from '../endpoint.js';
import { fitsSocket } from '../target/text.js';
import type { Connection } from './connection.js';
import { NodeConnection } from './node-connection.js';
import type { OpenOptions } from './open-options.js';

/** The families that Node can open. */
type NodeEndpoint = Extract<Endpoint, { family: 'unix' | 'vsock-mux' | 'tcp' }>;

/** Opens a unix or TCP socket without the addon. Rejects with Node's error, or ETIMEDOUT. */
export function openNodeSocket(endpoint: NodeEndpoint, options: OpenOptions): Promise<Connection> {
  if (endpoint.family !== 'tcp' && !fitsSocket(endpoint.path)) {
    return Promise.reject(Object.assign(new Error('connect: path too long'), { code: 'ENAMETOOLONG' }));
  }
  const where =
    endpoint.family === 'tcp' ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path };
  const socket = connect({ ...where, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    const abort = () => fail(new Error('aborted'));
    const timer = setTimeout(() => {
      fail(Object.assign(new Error('connect: timed out'), { code: 'ETIMEDOUT' }));
    }, options.timeoutMs);
    options.signal?.addEventListener('abort', abort);
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      resolve(new NodeConnection(endpoint, socket, socket));
    });
    function fail(error: Error) {
      settle();
      socket.destroy();
      reject(error);
    }
    function settle() {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      socket.off('error', fail);
      socket.on('error', () => {});
    }
  });
}
