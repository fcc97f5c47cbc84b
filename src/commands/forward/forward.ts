import { parseUnsigned32 } from '../../address/number.js';
import { parsePort } from '../../address/port.js';
import { type Command, type Io, UsageError } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { flag, parsed, seconds } from '../../cli/option.js';
import { reachFlags, routesOption, timeoutOption, verboseOption } from '../../cli/shared-options.js';
import { positionals, usage } from '../../cli/values.js';
import { ConnectError, exitCode, quote } from '../../errors.js';
import { loadAddon } from '../../native.js';
import { forwardOne } from './forward-one.js';
import { passedListeners } from './listener.js';
import { type Local, parseLocal, parseService, sameLocal } from './local.js';
import type { MachineOptions } from './machine.js';
import type { ReportOptions } from './report.js';

export interface ForwardOptions extends MachineOptions, ReportOptions {
  /** The loopback ports of all machines; the other options name none then. */
  readonly all: boolean;
  /** Where it listens, or the word for the sockets that systemd passes. */
  readonly local: Local | typeof bySystemd;
  /** What the machine connects to; undefined: this host connects to the machine. */
  readonly reverse: Local | undefined;
  /** Connections at the same time. */
  readonly most: number;
  /** Milliseconds without a connection after which it ends; undefined: never. */
  readonly idleMs: number | undefined;
}

const bySystemd = 'systemd';

const allOption = flag({
  long: 'all',
  summary: 'the loopback port of every machine, by config install --loopback; without TARGET and PORT',
});

const reverseOption = flag({
  long: 'reverse',
  summary: "the other direction: connect this host's vsock port PORT, for this machine only, to LOCAL",
});

const defaultMost = 64;

const mostOption = parsed(
  {
    long: 'max',
    value: 'NUMBER',
    summary: `connections at the same time; more clients wait (default ${defaultMost})`,
  },
  (text) => {
    const number = parseUnsigned32(text) ?? 0;
    if (number > 0 && number <= largestMost) return number;
    throw new UsageError(`--max takes a number from 1 to ${largestMost}, not ${quote(text)}`);
  },
);
/** Each has two descriptors, and a process usually 1024. */
const largestMost = 500;

const idleOption = seconds({
  long: 'idle',
  summary: 'end after this long without a connection, as systemd starts it again',
});

/** vmssh forward NAME PORT [LOCAL]: a local TCP port or unix socket that leads to a port of a machine. */
export const forward: Command<ForwardOptions> = {
  name: 'forward',
  summary: "make a machine's vsock port a local TCP port or unix socket",
  usage: 'TARGET PORT [LOCAL]',
  details:
    'LOCAL is a TCP port, ADDRESS:PORT, [::1]:PORT or the path of a unix socket; by default the same port on 127.0.0.1; 0 takes any free one; "systemd" takes the sockets of a .socket unit. The machine needs no sshd and no network: a program in it listens on the vsock port. Every user of this host can connect to a TCP port, but only you to a unix socket. With --reverse the machine connects to vsock port PORT of CID 2, which is this host, and no other machine can.',
  options: [
    allOption,
    reverseOption,
    routesOption,
    mostOption,
    idleOption,
    timeoutOption,
    jsonOption,
    verboseOption,
  ],
  exclusive: [
    [allOption, routesOption],
    [allOption, reverseOption],
  ],
  examples: [
    { line: 'vmssh forward mint 8080', about: 'http://127.0.0.1:8080 is port 8080 of mint' },
    { line: 'vmssh forward vsock/3 5432 ./db.sock', about: 'as a unix socket that only you can use' },
    {
      line: 'vmssh forward -v vsock-mux/run/fc/v.sock 80 [::1]:8000',
      about: 'with a line for each connection',
    },
    { line: 'vmssh forward --route ip docker/web 80 8080', about: 'by the IP address of a container' },
    {
      line: 'vmssh forward --reverse mint 5000 "$SSH_AUTH_SOCK"',
      about: 'the ssh-agent of this host for mint, by port 5000 of CID 2',
    },
    { line: 'vmssh forward --all', about: 'port 22 of every machine, for clients without ProxyCommand' },
    {
      line: 'vmssh forward --idle 60 mint 8080 systemd',
      about: 'in a service: the sockets of its .socket unit',
    },
    { line: 'vmssh forward --json machine/web 80 0', about: 'for scripts: the first line has the port' },
  ],

  parse(raw) {
    const all = allOption.read(raw);
    const reversed = reverseOption.read(raw);
    const [typed = '', machinePort = '', local] = all
      ? ['', '22', ...positionals(raw, 0, 1, 'nothing or "systemd" with --all')]
      : reversed
        ? positionals(raw, 3, 3, 'TARGET PORT LOCAL with --reverse')
        : positionals(raw, 2, 3, 'TARGET PORT [LOCAL]');
    const port = usage(() => parsePort(machinePort));
    const { timeoutMs, verbose } = reachFlags(raw);
    const idleMs = idleOption.read(raw);
    if (all) checkAll(local, idleMs);
    return {
      all,
      typed,
      port,
      timeoutMs,
      verbose,
      routes: routesOption.read(raw),
      json: jsonOption.read(raw),
      most: mostOption.read(raw) ?? defaultMost,
      idleMs,
      reverse: reversed && local !== undefined ? parseService(local) : undefined,
      local: local === undefined ? sameLocal(port) : local === bySystemd ? bySystemd : parseLocal(local),
    };
  },

  async run(options, io) {
    const native = loadAddon();
    if (!native.addon)
      throw new ConnectError('connect', options.typed, {
        code: 'NO_ADDON',
        problem: `forwarding needs the native addon. ${native.missing.message}`,
        hint: 'in a checkout: apt-get install g++ && npm run build',
        cause: native.missing,
      });
    const { addon } = native;
    const { signal, code } = untilEnded(io);
    if (options.all) {
      const { forwardAll } = await import('./loopback/forward-all.js');
      const passed = options.local === bySystemd ? passedListeners(addon) : undefined;
      await forwardAll({ ...options, passed }, addon, io, signal);
    } else if (options.reverse) {
      const { reverse } = await import('./reverse/reverse.js');
      await reverse({ ...options, local: options.reverse }, addon, io, signal);
    } else {
      const local = options.local === bySystemd ? passedListeners(addon) : options.local;
      await forwardOne({ ...options, local }, addon, io, signal);
    }
    return signal.aborted ? code() : exitCode.ok;
  },
};

/** Throws a UsageError. */
function checkAll(local: string | undefined, idleMs: number | undefined): void {
  if (local !== undefined && local !== bySystemd)
    throw new UsageError(`--all takes nothing or "systemd", got ${quote(local)}`, 'vmssh forward --all');
  if (local === undefined && idleMs !== undefined)
    throw new UsageError(
      '--idle with --all is for a service that systemd starts again',
      'vmssh forward --idle 60 --all systemd',
    );
}

/** Ctrl-C ends it, as does SIGTERM, which a service manager sends: only that is a success. */
function untilEnded(io: Io, host: Pick<NodeJS.Process, 'once'> = process) {
  const terminated = new AbortController();
  host.once('SIGTERM', () => terminated.abort());
  return {
    signal: AbortSignal.any([io.interrupted(), terminated.signal]),
    code: () => (terminated.signal.aborted ? exitCode.ok : exitCode.interrupted),
  };
}
