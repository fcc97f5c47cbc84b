import { lstatSync } from 'node:fs';
import { basename } from 'node:path';
import type { Addon, Handle } from 'node-hvsock-native';
import { ConnectError, printable, quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import { CommandError } from '../../cli/command.js';
import { openConnection } from '../../connect/open.js';
import type { Io } from '../../process/io.js';
import { allRoutes } from '../../reach/routes.js';
import { cidAny } from '../../typed/numbers.js';
import type { Endpoint } from '../../typed/route.js';
import { shellQuoted, withTarget } from '../../typed/shell.js';
import { bound, type Explanation, type MachineListener, openListener, portListener } from './listener.js';
import { type MachineOptions, search } from './machine.js';
import { type ReportOptions, reporter } from './report.js';
import { confineForward, type ServeOptions, serve } from './serve.js';
import { formatLocal, type Local, session } from './session.js';

type ReverseOptions = MachineOptions & ReportOptions & ServeOptions & { readonly local: Local };

/** Listens on a vsock port of this host for one machine, and connects it to a program of this host, until `signal` is aborted. Throws a ConnectError or a CommandError. */
export async function reverse(options: ReverseOptions, addon: Addon, io: Io, signal: AbortSignal) {
  const { local, port, timeoutMs, json } = options;
  const report = await reporter(options, io);
  const machine = reverseMachine(options, io, signal);
  const { text: target, endpoint } = await machine.now();
  const listener = await openForMachine(endpoint, machine, addon, io);
  const service = {
    find: async () => formatLocal(local),
    connect(stopped: AbortSignal) {
      const endpoint = local.family === 'unix' ? local : ({ ...local, family: 'tcp' } as const);
      return openConnection(endpoint, { timeoutMs, signal: stopped, env: io.env }).catch((error) => {
        throw withTarget(formatLocal(local), error);
      });
    },
  };
  const serveClient = async (client: Handle, stopped: AbortSignal) => {
    const refusal = await listener.refuse(client);
    if (refusal === undefined) return report.closed(await session(addon, client, service, stopped));
    addon.close(client);
    await report.turnedAway(refusal);
  };
  try {
    const listensAt = 'path' in listener.at ? ['unix' as const] : [];
    await confineForward({ typed: options.typed, listensAt }, machine.recently, io);
    report.reversed(listener.at, target, local);
    if (!json) io.err(`${io.program}: in the machine: ${printable(guestLine(port, local))}\n`);
    await serve(addon, [listener], options, serveClient, signal);
  } finally {
    listener.close();
  }
}

/** An endpoint whose machine can connect to a vsock port of this host. */
type ReverseEndpoint = Extract<Endpoint, { readonly family: 'vsock' | 'vsock-mux' | 'hyper-v' }>;

export interface FoundMachine {
  readonly text: string;
  readonly endpoint: ReverseEndpoint;
}

/** A machine that is looked up again and again: after a restart it may have another CID, and its old one another machine. */
function reverseMachine(options: MachineOptions, io: Io, signal: AbortSignal) {
  const find = search(options, io, signal);
  // Throws a ConnectError if it cannot be found, or has no vsock.
  const now = async (): Promise<FoundMachine> => {
    const { text, resolution } = await find();
    const { port, routes: only } = options;
    const all = await allRoutes(resolution, { text, port, only });
    const endpoint = all.map((route) => route.endpoint).find(isVsock);
    if (endpoint) return { text, endpoint };
    throw new ConnectError('connect', text, {
      code: 'UNSUPPORTED',
      final: true,
      problem: 'it has no vsock by which it could connect to this host',
      hint: `if it has sshd: ssh -R PORT:127.0.0.1:PORT, or ssh -A for the agent; docs/forward.md says which machines can`,
    });
  };
  // At most every two seconds.
  return { now, recently: remembered(now) };
}

/** Finds it once for all that ask within two seconds. A failure is not kept. */
export function remembered<T>(find: () => Promise<T>, clock = now): () => Promise<T> {
  let last: { readonly found: Promise<T>; readonly at: number } | undefined;
  return () => {
    if (last && clock() - last.at < recentMs) return last.found;
    const search = { found: find(), at: clock() };
    last = search;
    search.found.catch(() => {
      if (last === search) last = undefined;
    });
    return search.found;
  };
}

/** Milliseconds. */
const recentMs = 2000;

function isVsock(endpoint: Endpoint): endpoint is ReverseEndpoint {
  return endpoint.family === 'vsock' || endpoint.family === 'vsock-mux' || endpoint.family === 'hyper-v';
}

/** The command that a user of the machine runs: what connects to its socket or port comes to the host's vsock port. */
export function guestLine(port: number, local: Local): string {
  const listen =
    local.family === 'unix'
      ? `UNIX-LISTEN:"$XDG_RUNTIME_DIR"/${shellQuoted(nameFor(local.path, port))},fork,mode=600,unlink-early`
      : `TCP-LISTEN:${local.port},fork,reuseaddr,bind=127.0.0.1`;
  return `socat ${listen} VSOCK-CONNECT:2:${port}`;
}

/** The same name in the machine, without the number of the agent's process here, if socat takes it for no option. */
function nameFor(path: string, port: number): string {
  const name = basename(path).replace(/^agent\.\d+$/, 'agent.sock');
  return /^[\w.@-]+$/.test(name) ? name : `port-${port}.sock`;
}

/** Throws a CommandError. */
export async function openForMachine(
  endpoint: ReverseEndpoint,
  machine: ReturnType<typeof reverseMachine>,
  addon: Addon,
  io: Io,
  uid = process.getuid?.(),
): Promise<MachineListener> {
  if (endpoint.family === 'vsock') return byKernel(endpoint.port, machine, addon);
  if (endpoint.family === 'hyper-v') {
    const { byHyperV } = await import('./by-hyper-v.js');
    return byHyperV(endpoint, addon, io);
  }
  checkOwner(endpoint.path, uid);
  // By Firecracker's documentation of vsock it connects there for a connection of the machine.
  const local = { family: 'unix', path: `${endpoint.path}_${endpoint.port}` } as const;
  const { handle, close } = await openListener(local, addon, io);
  return { handle, close, at: { path: local.path }, refuse: async () => undefined };
}

/** One port for all machines of this host: the kernel says which one a connection is from. */
function byKernel(port: number, machine: ReturnType<typeof reverseMachine>, addon: Addon): MachineListener {
  const address = { family: 'vsock', cid: cidAny, port } as const;
  const handle = bound(addon, address, `vsock port ${port}`, (code) => explanations[code]);
  const own = { handle, port, family: 'vsock' } as const;
  return portListener(addon, own, async ({ cid }) => {
    // VMADDR_CID_LOCAL and VMADDR_CID_HOST (vsock(7)).
    const away =
      cid === 1 || cid === 2 ? `a program of this host (CID ${cid})` : `CID ${cid} of another machine`;
    // The first look is cheap, however often another machine comes; the second one is for a CID that was given away.
    for (const look of [machine.recently, machine.now]) {
      const { endpoint } = await look().catch(() => ({ endpoint: undefined }));
      if (endpoint?.family !== 'vsock' || endpoint.cid !== cid) return away;
    }
    return undefined;
  });
}

const explanations: Readonly<Record<string, Explanation>> = {
  EADDRINUSE: {
    problem: 'another program listens there',
    hint: 'each machine needs a port of its own on this host: name another one',
  },
  EACCES: { problem: 'permission denied', hint: 'name a port from 1024 on' },
  EAFNOSUPPORT: { problem: 'this kernel has no vsock', hint: 'modprobe vhost_vsock' },
};

/** Our socket has mode 0600, so the multiplexer has to be ours, or root's. */
function checkOwner(path: string, uid: number | undefined): void {
  let owner: number;
  try {
    owner = lstatSync(path).uid;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CommandError(code, `cannot listen beside ${quote(path)}: ${message}`);
  }
  if (owner === uid || owner === 0) return;
  throw new CommandError(
    'OTHER_OWNER',
    `cannot listen beside ${quote(path)}: it is of user ${owner}, whose multiplexer could not open our socket`,
    `run vmssh as that user: sudo -u '#${owner}' vmssh forward --reverse`,
  );
}
