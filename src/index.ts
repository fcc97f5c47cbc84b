import type { Duplex } from 'node:stream';
import { sshPort } from './address/port.js';
import { toDuplex } from './deliver/duplex.js';
import type { Endpoint } from './endpoint.js';
import type { Target } from './kinds/kinds.js';
import { resolveTarget } from './kinds/kinds.js';
import { parseTarget } from './kinds/parse.js';
import { reach } from './reach.js';
import type { Resolution } from './resolve/resolution.js';
import type { RouteName } from './route.js';
import { awaitBanner } from './ssh/await-banner.js';
import type { HostKey, ProbeResult } from './ssh/handshake-result.js';
import { probeSock } from './ssh/probe.js';

export { ConnectError, type Op } from './errors.js';
export type { Endpoint, HostKey, ProbeResult, Resolution, RouteName, Target };
export { parseTarget };

export interface ConnectOptions {
  /** The port if the target names none; default 22. */
  readonly port?: number;
  /** Milliseconds for the connect; default 15000. */
  readonly timeout?: number;
  /** Milliseconds to retry until an SSH banner arrives, for a machine that boots; absent: one attempt. */
  readonly wait?: number;
  readonly signal?: AbortSignal;
  /** The only routes to try, in this order: ["vsock", "ip"]; absent: the machine's own, and no network if there is another. */
  readonly routes?: readonly RouteName[];
}

/**
 * Opens a stream to a machine: "vsock/3", "machine/web", "unix/run/x.sock" … It half-closes with `end()` and can be used
 * as ssh2's `sock`. Rejects with a ConnectError.
 */
export async function connect(target: string, options: ConnectOptions = {}): Promise<Duplex> {
  return toDuplex((await open(target, options)).connection);
}

/** Resolves a target to its endpoint, without opening anything. Rejects with a ConnectError. */
export function resolve(
  target: string,
  options: Pick<ConnectOptions, 'port' | 'signal'> = {},
): Promise<Resolution> {
  const { port = sshPort, signal } = options;
  const { env, platform } = process;
  return resolveTarget(parseTarget(target), { text: target, port, signal, env, platform });
}

export interface ProbeOptions extends ConnectOptions {
  /** The user to ask about, since servers may offer each user other authentication methods; default "root". */
  readonly user?: string;
}

/** Connects, does the SSH handshake up to the authentication, and disconnects. Rejects with a ConnectError. */
export async function probe(
  target: string,
  options: ProbeOptions = {},
): Promise<ProbeResult & { banner: string }> {
  const { connection } = await open(target, options);
  const { timeout: timeoutMs = defaultTimeoutMs, user = 'root', signal } = options;
  try {
    const banner = await awaitBanner(connection, target, timeoutMs, signal);
    return { banner, ...(await probeSock(toDuplex(connection), { target, user, timeoutMs, signal })) };
  } finally {
    connection.close();
  }
}

const defaultTimeoutMs = 15_000;

function open(target: string, options: ConnectOptions) {
  const { port = sshPort, timeout = defaultTimeoutMs, wait, signal, routes } = options;
  const { env, platform } = process;
  return reach(
    { text: target, target: parseTarget(target) },
    { port, timeoutMs: timeout, waitMs: wait, signal, routes, env, platform },
  );
}
