import { now } from '../../clock.js';
import { ConnectError, printable } from '../../errors.js';
import type { Connection } from '../connection.js';
import type { OpenOptions } from '../open-options.js';
import { openersFor } from './find.js';
import type { Use, VsockEndpoint } from './openers.js';
import { type Started, startTool } from './start.js';

/**
 * Opens AF_VSOCK by the best program of this host that can, where the addon is `missing`. Rejects with the errno's name in
 * `code`, or with a ConnectError of code NO_ADDON if there is none.
 */
export async function openBorrowed(
  endpoint: VsockEndpoint,
  { target, timeoutMs, signal, env = process.env, stdio }: OpenOptions,
  missing: Error,
  find: typeof openersFor = openersFor,
): Promise<Connection> {
  const deadline = now() + timeoutMs;
  const use: Use = stdio ?? 'pipe';
  const unusable: string[] = [];
  for await (const { tool, path } of find(use, env)) {
    signal?.throwIfAborted();
    const left = Math.max(1, deadline - now());
    let end = () => {};
    const abort = () => end();
    signal?.addEventListener('abort', abort);
    let started: Started;
    try {
      started = await startTool({ tool, path, endpoint, use, timeoutMs: left, env }, (ends) => {
        end = ends;
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    signal?.throwIfAborted();
    if ('connection' in started) return started.connection;
    if ('code' in started) throw Object.assign(new Error(`${tool.name}: ${started.code}`), started);
    unusable.push(`${printable(path)}: ${printable(started.unusable.slice(0, mostQuoted))}`);
  }
  throw noTool(target, use, missing, unusable);
}

const mostQuoted = 200;

function noTool(target: string, use: Use, missing: Error, unusable: readonly string[]): ConnectError {
  const passes = use === 'pass';
  const names = passes ? 'python3 or systemd-ssh-proxy' : 'python3, socat or ncat';
  const tried = unusable.length === 0 ? '' : ` (${unusable.join('; ')})`;
  return new ConnectError('connect', target, {
    code: 'NO_ADDON',
    problem: `${passes ? 'passing a vsock to ssh' : 'vsock'} needs the native addon, or ${names} on this host${tried}. ${missing.message}`,
    hint: passes
      ? 'apt-get install python3; or use a ProxyCommand without --fdpass and ProxyUseFdpass no'
      : 'apt-get install python3; or build the addon in a checkout: apt-get install g++ && npm run build',
    cause: missing,
  });
}
