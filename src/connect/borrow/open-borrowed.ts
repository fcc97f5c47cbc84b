import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { now } from '../../clock.js';
import { formatEndpoint } from '../../endpoint.js';
import { ConnectError, printable } from '../../errors.js';
import { sshEndsWithUs } from '../../process/terminate.js';
import type { Env } from '../../runtime.js';
import type { Connection, OpenOptions } from '../connection.js';
import { ConfirmedCarried } from '../program-connection.js';
import { type FoundTool, type Opener, openersFor, type Use, type VsockEndpoint } from './openers.js';

/** Opens AF_VSOCK by the best program of this host. Rejects with the errno's name in `code`; without any, with a ConnectError NO_ADDON. */
export async function openBorrowed(
  endpoint: VsockEndpoint,
  { timeoutMs, signal, env = process.env, stdio }: OpenOptions,
  missing: Error,
  find: typeof openersFor = openersFor,
): Promise<Connection> {
  const deadline = now() + timeoutMs;
  const use: Use = stdio ?? 'pipe';
  const unusable: string[] = [];
  for await (const { tool, path } of find(use, env)) {
    signal?.throwIfAborted();
    const left = Math.max(1, deadline - now());
    const started = await startTool({ tool, path, endpoint, use, timeoutMs: left, env, signal });
    signal?.throwIfAborted();
    if ('connection' in started) return started.connection;
    if ('code' in started) throw Object.assign(new Error(`${tool.name}: ${started.code}`), started);
    unusable.push(`${printable(path)}: ${printable(started.unusable.slice(0, maxQuoted))}`);
  }
  throw noTool(endpoint, use, missing, unusable);
}

const maxQuoted = 200;

function noTool(
  endpoint: VsockEndpoint,
  use: Use,
  missing: Error,
  unusable: readonly string[],
): ConnectError {
  const passes = use === 'pass';
  const names = passes ? 'python3 or systemd-ssh-proxy' : 'python3 or socat';
  const tried = unusable.length === 0 ? '' : ` (${unusable.join('; ')})`;
  return new ConnectError('connect', formatEndpoint(endpoint), {
    code: 'NO_ADDON',
    final: true,
    problem: `${passes ? 'passing a vsock to ssh' : 'vsock'} needs the native addon, or ${names} on this host${tried}. ${missing.message}`,
    hint: passes
      ? 'apt-get install python3; or use a ProxyCommand without --fdpass and ProxyUseFdpass no'
      : 'apt-get install python3; or build the addon in a checkout: apt-get install g++ && npm run build',
    cause: missing,
  });
}

interface ToolStart extends FoundTool {
  readonly endpoint: VsockEndpoint;
  readonly use: Use;
  readonly timeoutMs: number;
  readonly env: Env;
  readonly signal: AbortSignal | undefined;
}

/** A connection that the tool has opened, an errno, or what the tool said if it could not even try. */
type Started =
  | { readonly connection: Connection }
  | { readonly code: string }
  | { readonly unusable: string };

/** More is not read from its stderr: a few lines are all that it says. In characters. */
const maxLine = 4096;

/** Starts the tool and waits until it has the socket, has failed, or was ended by the signal. */
function startTool(start: ToolStart): Promise<Started> {
  const { tool, path, endpoint, use, timeoutMs, signal } = start;
  const command = [path, ...tool.args(endpoint, Math.max(1, Math.ceil(timeoutMs / 1000)), use)];
  // Translated messages have no errno that can be read.
  const env = { ...start.env, LC_ALL: 'C' };
  const lost = () => listener.code() ?? 'ECONNRESET';
  const connection = new (use === 'pipe' ? Piped : Inherited)(command, endpoint, env, lost);
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  connection.note = `, by ${tool.name}`;
  const { child } = connection;
  const listener = listenTo(child, tool);
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ code: 'ETIMEDOUT' }), timeoutMs);
    child.once('error', (error) => settle({ unusable: error.message }));
    child.once('exit', (code, signal) => {
      void afterLastLine(child).then(() => settle(ofEnd(code, signal)));
    });
    listener.onOpen(() => settle({ connection }));
    function ofEnd(code: number | null, signal: NodeJS.Signals | null): Started {
      if (code === 0 && tool.opened === undefined) return { connection };
      const errno = listener.code();
      if (errno !== undefined) return { code: errno };
      return { unusable: listener.said() || `it ended with ${signal ?? `code ${code}`}` };
    }
    function settle(started: Started) {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (!('connection' in started)) connection.close();
      resolve(started);
    }
  });
}

/** What it said last, and the last errno that it reported. */
function listenTo({ stderr }: ChildProcess, { opened, failed }: Opener) {
  let text = '';
  let open: (() => void) | undefined;
  let code: string | undefined;
  let said = '';
  stderr?.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = (lines.pop() ?? '').slice(0, maxLine);
    for (const line of lines) {
      if (line.trim() !== '') said = line.trim();
      code = errnoOf(failed.exec(line)?.[1] ?? '') ?? code;
      if (opened?.test(line)) open?.();
    }
  });
  return {
    code: () => code,
    said: () => said,
    onOpen: (call: () => void) => {
      open = call;
    },
  };
}

/** A connection that a program carries between the machine and our own stdin and stdout: no byte of it comes here. */
class Inherited implements Connection {
  readonly endpoint: VsockEndpoint;
  readonly handle = undefined;
  note: string | undefined;
  readonly carried: Promise<void>;
  readonly child: ChildProcess;

  /** `lost`: the errno that it ended with, if it did. */
  constructor(
    [program = '', ...args]: readonly string[],
    endpoint: VsockEndpoint,
    env: Env,
    lost: () => string,
  ) {
    const { child, release } = sshEndsWithUs(() =>
      spawn(program, args, { env, stdio: ['inherit', 'inherit', 'pipe'] }),
    );
    this.endpoint = endpoint;
    this.child = child;
    this.carried = once(child, 'exit')
      .finally(release)
      .then(async ([code]) => {
        if (code !== 0) throw await lossOf(child, lost);
      });
    this.carried.catch(() => {});
  }

  async read(): Promise<Uint8Array> {
    await this.carried;
    return new Uint8Array();
  }

  peek(): Promise<Uint8Array> {
    return this.read();
  }

  write(): Promise<void> {
    return Promise.reject(Object.assign(new Error('write: another program has it'), { code: 'EPIPE' }));
  }

  shutdown(): void {}

  close(): void {
    this.child.stderr?.destroy();
    this.child.kill('SIGTERM');
  }
}

/** A connection whose bytes come and go by the pipes of the program that has its socket. */
class Piped extends ConfirmedCarried<VsockEndpoint> {
  constructor(command: readonly string[], endpoint: VsockEndpoint, env: Env, lost: () => string) {
    super(command, endpoint, withoutSocket, { env, stderr: 'pipe' }, () => lossOf(this.child, lost));
  }
}

async function lossOf(child: ChildProcess, lost: () => string): Promise<Error> {
  await afterLastLine(child);
  return Object.assign(new Error('the connection was lost'), { code: lost() });
}

const withoutSocket = { missing: new Error('the program has the socket') };

/** The name of an errno, from its name or what strerror(3) of glibc or musl says in English; undefined: another text. */
function errnoOf(text: string): string | undefined {
  return /^E[A-Z0-9]+$/.test(text) ? text : texts.get(text.toLowerCase());
}

const texts: ReadonlyMap<string, string> = new Map([
  ['connection reset by peer', 'ECONNRESET'],
  ['connection refused', 'ECONNREFUSED'],
  ['connection timed out', 'ETIMEDOUT'],
  ['operation timed out', 'ETIMEDOUT'],
  ['no such device', 'ENODEV'],
  ['no route to host', 'EHOSTUNREACH'],
  ['host is unreachable', 'EHOSTUNREACH'],
  ['network is unreachable', 'ENETUNREACH'],
  ['network unreachable', 'ENETUNREACH'],
  ['address family not supported by protocol', 'EAFNOSUPPORT'],
  ['protocol not supported', 'EPROTONOSUPPORT'],
  ['socket type not supported', 'ESOCKTNOSUPPORT'],
  ['permission denied', 'EACCES'],
  ['operation not permitted', 'EPERM'],
  ['invalid argument', 'EINVAL'],
  ['cannot assign requested address', 'EADDRNOTAVAIL'],
  ['address not available', 'EADDRNOTAVAIL'],
  ['broken pipe', 'EPIPE'],
  ['transport endpoint is not connected', 'ENOTCONN'],
  ['socket not connected', 'ENOTCONN'],
  ['protocol error', 'EPROTO'],
  ['too many open files', 'EMFILE'],
  ['no file descriptors available', 'EMFILE'],
  ['too many open files in system', 'ENFILE'],
  ['cannot allocate memory', 'ENOMEM'],
  ['out of memory', 'ENOMEM'],
  ['no buffer space available', 'ENOBUFS'],
]);

/** Resolves when the stderr of a program that has ended was read. */
function afterLastLine({ stderr }: Pick<ChildProcess, 'stderr'>): Promise<void> {
  if (!stderr || stderr.destroyed) return Promise.resolve();
  return new Promise((resolve) => stderr.once('close', () => resolve()));
}
