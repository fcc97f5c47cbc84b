import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ConnectError, printable } from '../../errors.js';
import { effects, type Writers, writersByMode } from '../../files/writers.js';
import { isProgram, programsInPath } from '../../process/program-in-path.js';
import { runProgram } from '../../process/run-program.js';
import { howEnded, sshEndsWithUs } from '../../process/terminate.js';
import { type Env, now } from '../../runtime.js';
import { type Endpoint, formatEndpoint } from '../../typed/route.js';
import type { Connection, OpenOptions } from '../connection.js';
import { ConfirmedCarried } from '../program-connection.js';
import relay from '../via/relay.py';
import { before } from '../wait.js';

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

function noTool(endpoint: VsockEndpoint, use: Use, missing: Error, unusable: readonly string[]) {
  const names = openers.filter(({ uses }) => uses.includes(use)).map(({ name }) => name);
  const what = use === 'pass' ? 'passing a vsock to ssh' : 'vsock';
  const tried = unusable.length === 0 ? '' : ` (${unusable.join('; ')})`;
  return new ConnectError('connect', formatEndpoint(endpoint), {
    code: 'NO_ADDON',
    final: true,
    problem: `${what} needs the native addon, or ${names.join(' or ')} on this host${tried}. ${missing.message}`,
    hint: 'apt-get install python3; or build the addon in a checkout: apt-get install g++ && npm run build',
    cause: missing,
  });
}

interface ToolStart extends FoundTool, Pick<OpenOptions, 'timeoutMs' | 'env' | 'signal'> {
  readonly endpoint: VsockEndpoint;
  readonly use: Use;
}

/** `code`: an errno; `unusable`: what the tool said if it could not even try. */
type Started =
  | { readonly connection: Connection }
  | { readonly code: string }
  | { readonly unusable: string };

/** More is not read from its stderr: a few lines are all that it says. In characters. */
const maxLine = 4096;

/** Waits until the tool has the socket, has failed, or was ended by the signal. */
async function startTool(start: ToolStart): Promise<Started> {
  const { tool, path, endpoint, use, timeoutMs, signal } = start;
  const command = [path, ...tool.args(endpoint, Math.max(1, Math.ceil(timeoutMs / 1000)), use)];
  // Translated messages have no errno that can be read.
  const env = { ...start.env, LC_ALL: 'C' };
  const lost = () => heard.code ?? 'ECONNRESET';
  const connection =
    use === 'pipe' ? new Piped(command, endpoint, env, lost) : inherited(command, endpoint, env, lost);
  connection.note = `, by ${tool.name}`;
  const { child } = connection;
  const heard = listenTo(child, tool);
  const ended = once(child, 'exit').then(async ([code, signal]): Promise<Started> => {
    await afterLastLine(child);
    if (code === 0 && tool.opened === undefined) return { connection };
    if (heard.code !== undefined) return { code: heard.code };
    return { unusable: heard.said || howEnded({ code, signal }) };
  });
  const first = Promise.race([heard.opened.then(() => ({ connection })), ended]);
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  const started = await before(first, now() + timeoutMs)
    .catch(({ message }: Error): Started => ({ unusable: message }))
    .finally(() => signal?.removeEventListener('abort', abort));
  if (!started || !('connection' in started)) connection.close();
  return started ?? { code: 'ETIMEDOUT' };
}

function listenTo({ stderr }: ChildProcess, { opened, failed }: Opener) {
  let text = '';
  let open = () => {};
  const heard = {
    said: '',
    code: undefined as string | undefined,
    opened: new Promise<void>((resolve) => {
      open = resolve;
    }),
  };
  stderr?.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = (lines.pop() ?? '').slice(0, maxLine);
    for (const line of lines) {
      if (line.trim() !== '') heard.said = line.trim();
      heard.code = errnoOf(failed.exec(line)?.[1] ?? '') ?? heard.code;
      if (opened?.test(line)) open();
    }
  });
  return heard;
}

/** Between the machine and our own stdin and stdout: no byte of it comes here. `lost`: the errno that it ended with. */
function inherited(
  [program = '', ...args]: readonly string[],
  endpoint: VsockEndpoint,
  env: Env,
  lost: () => string,
) {
  const { child, release } = sshEndsWithUs(() =>
    spawn(program, args, { env, stdio: ['inherit', 'inherit', 'pipe'] }),
  );
  const carried = once(child, 'exit')
    .finally(release)
    .then(async ([code]) => {
      if (code !== 0) throw await lossOf(child, lost);
    });
  const end = () => carried.then(() => new Uint8Array());
  carried.catch(() => {});
  return {
    ...{ endpoint, handle: undefined, carried, child, read: end, peek: end },
    note: undefined as string | undefined,
    write: () => Promise.reject(Object.assign(new Error('write: another program has it'), { code: 'EPIPE' })),
    shutdown() {},
    close() {
      child.stderr?.destroy();
      child.kill('SIGTERM');
    },
  };
}

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

function afterLastLine({ stderr }: Pick<ChildProcess, 'stderr'>): Promise<void> {
  if (!stderr || stderr.destroyed) return Promise.resolve();
  return new Promise((resolve) => stderr.once('close', () => resolve()));
}

export type VsockEndpoint = Extract<Endpoint, { family: 'vsock' }>;

/** The bytes of the open socket go to us by pipes, or to our own stdin and stdout; or the socket itself goes to ssh, which waits at stdout. */
export type Use = 'pipe' | 'relay' | 'pass';

/** A program of the host that opens AF_VSOCK where the addon is missing. */
export interface Opener {
  readonly name: string;
  /** Where it is, if that is no folder of PATH. */
  readonly places?: readonly string[];
  readonly uses: readonly Use[];
  readonly args: (endpoint: VsockEndpoint, seconds: number, use: Use) => readonly string[];
  /** A line of its stderr once the socket is open; undefined: it ends then, with 0. */
  readonly opened: RegExp | undefined;
  /** A line of its stderr that has an errno: its name, or its text in English. */
  readonly failed: RegExp;
  /** How it is seen that it can relay AF_VSOCK, without opening any; undefined: it does not relay. */
  readonly proof?: { readonly args: readonly string[]; readonly says: RegExp };
}

/**
 * The best first. Milliseconds until a banner over a unix socket, resident MB, MiB/s (medians of 40 and the best of 3, two busy cores):
 * python3 14, 8.8, 1800; socat 5, 4.6, 490. Only python3 gives the errno itself, has its own time limit, half-closes, and passes the
 * socket. systemd-ssh-proxy does in 27 ms, not 47, but reports in words, and waits as long as the kernel does.
 */
export const openers: readonly Opener[] = [
  {
    name: 'python3',
    uses: ['pipe', 'relay', 'pass'],
    args: ({ cid, port }, seconds, use) => [
      // Neither site nor the user's environment.
      ...['-I', '-S', '-c', relay, 'vmssh', 'vsock', `${cid}`, `${port}`, `${seconds}`],
      use === 'pass' ? 'pass' : 'relay',
    ],
    opened: /^vmssh by python3$/,
    failed: /^vmssh (?:errno|lost) (E\w+)$/,
    proof: { args: ['-I', '-S', '-c', 'import _socket; print(_socket.AF_VSOCK)'], says: /40/ },
  },
  {
    name: 'socat',
    uses: ['pipe', 'relay'],
    // How long the other direction may stay silent after the end of one: ssh is gone then, but others wait for an answer.
    args: ({ cid, port }, _seconds, use) => [
      ...['-d', '-d', '-t', use === 'pipe' ? '86400' : '10', '-', `VSOCK-CONNECT:${cid}:${port}`],
    ],
    opened: / starting data transfer loop /,
    failed: / [EW] .*: ([A-Z][^:]+)$/,
    proof: { args: ['-h'], says: /vsock-connect/i },
  },
  {
    name: 'systemd-ssh-proxy',
    places: ['/usr/lib/systemd/systemd-ssh-proxy', '/lib/systemd/systemd-ssh-proxy'],
    uses: ['pass'],
    args: ({ cid, port }) => [`vsock/${cid}`, `${port}`],
    opened: undefined,
    failed: /^Failed to .*: ([A-Z][^:]+)$/,
  },
];

export interface FoundTool {
  readonly tool: Opener;
  readonly path: string;
}

/** The tools of this host for a use, the best first. What another user could replace is passed over. */
export async function* openersFor(
  use: Use,
  { PATH = '/usr/bin:/bin' }: Env,
  who: () => Promise<Pick<Writers, 'over'>> = () => writersByMode(effects),
  known: readonly Opener[] = openers,
): AsyncGenerator<FoundTool> {
  const writers = await who();
  for (const tool of known.filter(({ uses }) => uses.includes(use))) {
    const paths = tool.places?.filter(isProgram) ?? programsInPath(tool.name, { PATH });
    for (const path of new Set(paths)) if ((await writers.over(path)) === undefined) yield { tool, path };
  }
}

/** The tool that carries vsock without the addon: the first that shows that it can, without opening any. */
export async function provenTool(env: Env, find = openersFor): Promise<FoundTool | undefined> {
  for await (const found of find('relay', env)) {
    const { proof } = found.tool;
    if (!proof) continue;
    const how = { env: { ...env, LC_ALL: 'C' }, timeoutMs: 5000 };
    const end = await runProgram([found.path, ...proof.args], how).catch(() => undefined);
    if (end && proof.says.test(end.stdout + end.stderr)) return found;
  }
  return undefined;
}
