import type { Duplex } from 'node:stream';
import { toDuplex } from './deliver/duplex.js';
import type { Endpoint } from './endpoint.js';
import { ConnectError, type Op, quote, withTarget } from './errors.js';
import { resolveTarget, type Target } from './kinds/kinds.js';
import { parseTarget } from './kinds/parse.js';
import { reach } from './reach/reach.js';
import { firstRoute } from './reach/routes.js';
import { type RouteName, routeNames } from './route.js';
import { awaitBanner } from './ssh/banner.js';
import type { HostKey, ProbeResult } from './ssh/handshake-result.js';
import { probeSock } from './ssh/probe.js';
import { sshPort } from './target/numbers.js';

export type { Endpoint, HostKey, ProbeResult, RouteName, Target };
export { ConnectError, type Op, parseTarget };

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

/** A machine by its first route, and what its manager made for a login. */
export interface Resolution {
  readonly endpoint: Endpoint;
  /** How it was found, one clause for each step. */
  readonly steps: readonly string[];
  /** The machine's, in the 8-4-4-4-12 form. */
  readonly uuid?: string;
  /** The path of a private key. */
  readonly identityFile?: string;
  readonly user?: string;
}

/** Resolves a target to its endpoint, without opening anything. Rejects with a ConnectError. */
export async function resolve(
  target: string,
  options: Pick<ConnectOptions, 'port' | 'signal'> = {},
): Promise<Resolution> {
  const parsed = parseTarget(target);
  check(target, options);
  const { port = sshPort, signal } = options;
  const { env, platform } = process;
  const machine = await resolveTarget(parsed, { text: target, port, signal, env, platform });
  const { endpoint, steps } = await firstRoute(machine, { text: target, port });
  const { uuid, identityFile, user } = machine;
  return { endpoint, steps: [...machine.steps, ...steps], uuid, identityFile, user };
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
    const banner = await awaitBanner(connection, timeoutMs, signal);
    return { banner, ...(await probeSock(toDuplex(connection), { target, user, timeoutMs, signal })) };
  } catch (error) {
    throw withTarget(target, error);
  } finally {
    connection.close();
  }
}

const defaultTimeoutMs = 15_000;

async function open(target: string, options: ConnectOptions) {
  const parsed = parseTarget(target);
  check(target, options);
  const { port = sshPort, timeout = defaultTimeoutMs, wait, signal, routes } = options;
  const { env, platform } = process;
  return reach(
    { text: target, target: parsed },
    { port, timeoutMs: timeout, waitMs: wait, signal, routes, env, platform },
  );
}

/** What each option has to be: callers in JavaScript, too, get an error that names it. */
const wanted: {
  readonly [K in keyof Required<ProbeOptions>]: {
    readonly what: string;
    readonly is: (value: unknown) => boolean;
  };
} = {
  port: { what: 'a whole number from 0 to 4294967294', is: (value) => isWhole(value) && value < 0xffffffff },
  timeout: { what: 'a number of milliseconds, more than 0', is: (value) => isTime(value) && value > 0 },
  wait: { what: 'a number of milliseconds', is: isTime },
  signal: { what: 'an AbortSignal', is: isSignal },
  routes: { what: `a list of ${routeNames.join(', ')}`, is: areRoutes },
  user: { what: 'a text that is not empty', is: (value) => typeof value === 'string' && value !== '' },
};

/** Throws a ConnectError USAGE of op parse. */
function check(target: string, options: unknown): void {
  const fail = (problem: string, hint: string) =>
    new ConnectError('parse', target, { code: 'USAGE', problem, hint });
  if (typeof options !== 'object' || options === null)
    throw fail(`the options are an object, not ${shown(options)}`, 'such as { timeout: 5000 }');
  for (const [name, { what, is }] of Object.entries(wanted)) {
    const value: unknown = (options as Record<string, unknown>)[name];
    if (value !== undefined && !is(value))
      throw fail(`the option ${name} is ${what}, not ${shown(value)}`, `leave ${name} out for its default`);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  return typeof value === 'object' && value !== null
    ? 'an object'
    : typeof value === 'function'
      ? 'a function'
      : String(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** No timer takes longer ones: 24 days. */
const maxMs = 0x7fffffff;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxMs;
}

/** Also one of another realm. */
function isSignal(value: unknown): boolean {
  return typeof Object(value).aborted === 'boolean' && typeof Object(value).addEventListener === 'function';
}

function areRoutes(value: unknown): boolean {
  const names: readonly unknown[] = routeNames;
  return Array.isArray(value) && value.length > 0 && value.every((each) => names.includes(each));
}
