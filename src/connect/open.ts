import { statSync } from 'node:fs';
import type { Addon, Address, Handle } from 'node-hvsock-native';
import { ConnectError } from '../base/errors.js';
import { type AddonState, loadAddon } from '../base/native.js';
import { now } from '../base/runtime.js';
import { type Endpoint, type ExecEndpoint, formatEndpoint, type ViaEndpoint } from '../typed/route.js';
import { type Connection, NativeConnection, type OpenOptions } from './connection.js';
import { askMultiplexer } from './multiplexer.js';

/** Opens the endpoint. Throws a ConnectError of op connect that names the endpoint; after an abort its code is INTERRUPTED. */
export async function openConnection(
  endpoint: Endpoint,
  options: OpenOptions,
  native: () => AddonState = loadAddon,
  platform: NodeJS.Platform = process.platform,
): Promise<Connection> {
  const deadline = now() + options.timeoutMs;
  let connection: Connection | undefined;
  const abort = () => connection?.close();
  options.signal?.addEventListener('abort', abort);
  try {
    options.signal?.throwIfAborted();
    connection = await openSocket(endpoint, options, native(), platform);
    options.signal?.throwIfAborted();
    if (endpoint.family === 'vsock-mux')
      connection.isUnanswered = !(await askMultiplexer(connection, endpoint.port, deadline));
    return connection;
  } catch (error) {
    connection?.close();
    throw await asConnectError(error, endpoint, options, native());
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

async function openSocket(
  endpoint: Endpoint,
  options: OpenOptions,
  native: AddonState,
  platform: NodeJS.Platform,
): Promise<Connection> {
  if (endpoint.family === 'exec') {
    const { openExec } = await import('./exec/open-exec.js');
    return openExec(endpoint, options, native);
  }
  if (endpoint.family === 'via') {
    const { openVia } = await import('./via/open-via.js');
    return openVia(endpoint, options, native);
  }
  if (native.addon) {
    const handle = await openNative(endpoint, options, native.addon);
    return new NativeConnection(endpoint, handle, native.addon);
  }
  // On Windows Node's "unix sockets" are named pipes.
  const onWindows = platform === 'win32' && endpoint.family !== 'tcp';
  if (endpoint.family === 'vsock' || endpoint.family === 'hyper-v' || onWindows) {
    throw new ConnectError('connect', formatEndpoint(endpoint), {
      code: 'NO_ADDON',
      final: true,
      problem: `${endpoint.family} needs the native addon. ${native.missing.message}`,
      hint: onWindows
        ? 'install it again: npm install vmssh'
        : 'in a checkout: apt-get install g++ && npm run build',
      cause: native.missing,
    });
  }
  const { openNodeSocket } = await import('./node-connection.js');
  return openNodeSocket(endpoint, options);
}

function openNative(
  endpoint: Exclude<Endpoint, ExecEndpoint | ViaEndpoint>,
  { timeoutMs, signal }: OpenOptions,
  addon: Addon,
): Promise<Handle> {
  const open = (address: Address, ms: number) => {
    const pending = addon.connect(address, Math.max(1, Math.ceil(ms)));
    const cancel = () => pending.cancel();
    signal?.addEventListener('abort', cancel);
    return pending.promise.finally(() => signal?.removeEventListener('abort', cancel));
  };
  if (endpoint.family === 'vsock-mux') return open({ family: 'unix', path: endpoint.path }, timeoutMs);
  if (endpoint.family !== 'tcp') return open(endpoint, timeoutMs);
  const { host, port } = endpoint;
  const inet = async (address: string, ms: number) => open({ family: 'inet', host: address, port }, ms);
  return import('./open-tcp.js').then(({ openTcp }) => openTcp(host, { timeoutMs, signal }, inet));
}

async function asConnectError(
  error: unknown,
  endpoint: Endpoint,
  options: OpenOptions,
  { addon }: AddonState,
): Promise<ConnectError> {
  if (error instanceof ConnectError) return error;
  if (options.signal?.aborted) {
    const init = { code: 'INTERRUPTED', problem: 'interrupted', cause: error };
    return new ConnectError('connect', formatEndpoint(endpoint), init);
  }
  const { code: given = 'UNKNOWN', message } = error as { code?: string; message: string };
  const code = given === 'ECONNREFUSED' && isOtherFile(endpoint) ? 'ENOTSOCK' : given;
  const isGone = code === 'ENOENT' && 'path' in endpoint;
  const more =
    code === 'PROTOCOL' || code === 'UNKNOWN'
      ? message
      : isGone
        ? await (await import('./failures/spelling.js')).otherSpelling(endpoint.path)
        : undefined;
  const { openFailure } = await import('./failures/failures.js');
  return openFailure(endpoint, code, { more, cause: error, addon });
}

/** Whether its path is that of a file, or a folder: connect(2) refuses it as it refuses a socket without a server. */
function isOtherFile(endpoint: Endpoint): boolean {
  if (!('path' in endpoint)) return false;
  try {
    return !statSync(endpoint.path).isSocket();
  } catch {
    return false;
  }
}
