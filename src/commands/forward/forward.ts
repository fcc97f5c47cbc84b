import type { Addon, Handle } from 'node-hvsock-native';
import { ConnectError, exitCode, quote } from '../../base/errors.js';
import { loadAddon } from '../../base/native.js';
import type { Command } from '../../cli/command.js';
import { flag, parsed, positionals, readAll, seconds, UsageError, usage } from '../../cli/command.js';
import { jsonOption } from '../../cli/json.js';
import { reachFlags, routesOption, timeoutOption, verboseOption } from '../../cli/shared-options.js';
import type { Io } from '../../process/io.js';
import { parsePort, parseUnsigned32 } from '../../typed/numbers.js';
import { ownArgs } from '../../typed/proxy-args.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { type Listener, openListener, passedListeners } from './listener.js';
import { type ForwardedMachine, type MachineOptions, machineAt } from './machine.js';
import { type ReportOptions, reporter } from './report.js';
import { confineForward, type ServeOptions, serve } from './serve.js';
import type { Local } from './session.js';
import { formatLocal, isPrivate, parseLocal, parseService, sameLocal, session, whyOther } from './session.js';

interface ForwardOptions extends MachineOptions, ReportOptions, ServeOptions {
  /** What is done with units of the user's systemd; undefined: it forwards by itself. */
  readonly unit: keyof typeof units | undefined;
  /** Turns programs of other users of this host away. */
  readonly private: boolean;
  /** Where it listens, or "systemd" for the sockets that it passes. */
  readonly local: Local | typeof bySystemd;
  /** What the machine connects to; undefined: this host connects to the machine. */
  readonly reverse: Local | undefined;
}

const bySystemd = 'systemd';

const defaultMost = 64;
/** Each has two descriptors, and a process usually 1024. */
const largestMost = 500;

const units = {
  install: flag({
    long: 'install',
    summary: 'have your systemd listen at LOCAL from now on, and start vmssh for its clients; only yours',
  }),
  uninstall: flag({ long: 'uninstall', summary: 'stop and remove what --install made' }),
  list: flag({ long: 'list', summary: 'list what --install made; without TARGET and PORT' }),
};
const own = {
  private: flag({
    long: 'private',
    summary: "turn away programs of other users of this host, except root's, at a TCP port (on Linux)",
  }),
  reverse: flag({
    long: 'reverse',
    summary: "the other direction: connect this host's vsock port PORT, for this machine only, to LOCAL",
  }),
  routes: routesOption,
  most: parsed(
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
  ),
  idleMs: seconds({
    long: 'idle',
    summary: 'end after this long without a connection, as systemd starts it again',
  }),
};
export const forward: Command<ForwardOptions> = {
  name: 'forward',
  summary: "make a machine's vsock port a local TCP port or unix socket",
  usage: 'TARGET PORT [LOCAL]',
  details:
    'LOCAL is a TCP port, ADDRESS:PORT, [::1]:PORT or the path of a unix socket; by default the same port on 127.0.0.1; 0 takes any free one; "systemd" takes the sockets of a .socket unit. The machine needs no sshd and no network: a program in it listens on the vsock port. Every user of this host can connect to a TCP port, with --private only you and root, and only you to a unix socket. --install has your systemd listen, always --private; --uninstall with the same arguments ends it. With --reverse the machine connects to vsock port PORT of CID 2, which is this host, and no other machine can.',
  options: [
    ...[...Object.values(units), ...Object.values(own), timeoutOption],
    ...[jsonOption, verboseOption],
  ],
  exclusive: [
    Object.values(units),
    ...[units.install, units.uninstall].flatMap((option) => [
      [own.reverse, option],
      [jsonOption, option],
    ]),
    ...Object.values(own).map((option) => [units.list, option]),
    [own.private, own.reverse],
  ],
  examples: {
    'vmssh forward mint 8080': 'http://127.0.0.1:8080 is port 8080 of mint',
    'vmssh forward vsock/3 5432 ./db.sock': 'as a unix socket that only you can use',
    'vmssh forward -v vsock-mux/run/fc/v.sock 80 [::1]:8000': 'with a line for each connection',
    'vmssh forward --route ip incus/web 80 8080': 'by the IP address of a container',
    'vmssh forward --reverse mint 5000 "$SSH_AUTH_SOCK"':
      'the ssh-agent of this host for mint, by port 5000 of CID 2',
    'vmssh forward --install mint 22 2222':
      'from now on sshd of mint is port 2222 of 127.0.0.1, for your programs that know only host and port',
    'vmssh forward --idle 60 mint 8080 systemd': 'in a service: the sockets of its .socket unit',
    'vmssh forward --json machine/web 80 0': 'for scripts: the first line has the port',
  },

  parse(raw) {
    const unit = Object.values(units).find((option) => option.read(raw))?.long as ForwardOptions['unit'];
    const { reverse: reversed, most = defaultMost, ...given } = readAll(raw, { ...own, json: jsonOption });
    const [typed = '', machinePort = '22', local] =
      unit === 'list'
        ? positionals(raw, 0, 0, 'no argument with --list')
        : reversed
          ? positionals(raw, 3, 3, 'TARGET PORT LOCAL with --reverse')
          : positionals(raw, 2, 3, 'TARGET PORT [LOCAL]');
    const port = usage(() => parsePort(machinePort));
    const { timeoutMs, verbose } = reachFlags(raw);
    const where = local === undefined ? sameLocal(port) : local === bySystemd ? bySystemd : parseLocal(local);
    if (where === bySystemd && unit !== undefined)
      throw new UsageError(
        `--${unit} takes where systemd listens, not "systemd"`,
        `vmssh forward --${unit} NAME PORT 8080`,
      );
    if (given.private && where !== bySystemd && !isPrivate(where))
      throw new UsageError(
        `--private is for programs of this host, and the whole network can connect to ${quote(formatLocal(where))}`,
        'use 127.0.0.1 or [::1]',
      );
    return {
      ...given,
      ...{ unit, typed, port, timeoutMs, verbose, most },
      reverse: reversed && local !== undefined ? parseService(local) : undefined,
      local: where,
    };
  },

  async run(options, io) {
    const { local, unit } = options;
    if (unit === 'list') return (await import('./installed.js')).listForwards(options.json, io);
    if (unit === 'uninstall' && local !== bySystemd) {
      await (await import('./installed.js')).uninstallForward({ ...options, local }, io);
      return exitCode.ok;
    }
    if (options.private && io.platform !== 'linux')
      throw new UsageError('--private works only on Linux, which shows whose program a client is');
    const native = loadAddon();
    if (!native.addon)
      throw new ConnectError('connect', options.typed, {
        code: 'NO_ADDON',
        final: true,
        problem: `forwarding needs the native addon. ${native.missing.message}`,
        hint: 'in a checkout: apt-get install g++ && npm run build',
        cause: native.missing,
      });
    const { addon } = native;
    const { signal, code } = untilEnded(io);
    if (unit === 'install' && local !== bySystemd) {
      const { installForward } = await import('./installed.js');
      await installForward({ ...options, local, args: serviceArgs(options) }, addon, io, signal);
    } else if (options.reverse) {
      const { reverse } = await import('./reverse.js');
      await reverse({ ...options, local: options.reverse }, addon, io, signal);
    } else {
      const listening = local === bySystemd ? passedListeners(addon) : local;
      await forwardOne({ ...options, local: listening }, addon, io, signal);
    }
    return signal.aborted ? code() : exitCode.ok;
  },
};

function serviceArgs({ routes, most, idleMs = defaultIdleMs, timeoutMs, verbose }: ForwardOptions): string[] {
  const limits = [`--idle=${idleMs / 1000}`, `--max=${most}`];
  return ['--private', ...limits, ...ownArgs({ timeoutMs, routes, verbose })];
}

const defaultIdleMs = 60_000;

/** Ctrl-C ends it, as does SIGTERM, which a service manager sends: only that is a success. */
function untilEnded(io: Io) {
  const terminated = new AbortController();
  process.once('SIGTERM', () => terminated.abort());
  return {
    signal: AbortSignal.any([io.interrupted(), terminated.signal]),
    code: () => (terminated.signal.aborted ? exitCode.ok : exitCode.interrupted),
  };
}

type ForwardOneOptions = Omit<ForwardOptions, 'local'> & { readonly local: Local | readonly Listener[] };

/** Connects local sockets to a port of one machine, until `signal` is aborted or nothing happens for long. Throws a ConnectError, a UsageError or a CommandError. */
async function forwardOne(options: ForwardOneOptions, addon: Addon, io: Io, signal: AbortSignal) {
  const report = await reporter(options, io);
  const machine = machineAt(options, io, signal);
  const { local } = options;
  const target = 'family' in local ? await present(machine, signal) : options.typed;
  if (target === undefined) return;
  const free = `vmssh forward ${shellQuoted(options.typed, shellOf(io))} ${options.port} 0`;
  const listeners = 'family' in local ? [await openListener(local, addon, io, free)] : local;
  const serveClient = async (client: Handle, stopped: AbortSignal, { local }: Listener) => {
    const refusal = options.private ? whyOther(addon, client, local) : undefined;
    if (refusal === undefined) return report.closed(await session(addon, client, machine, stopped));
    addon.close(client);
    await report.turnedAway(refusal);
  };
  try {
    // systemd removes its own.
    const listensAt = 'family' in local ? [local.family] : [];
    await confineForward({ typed: options.typed, listensAt }, machine.find, io);
    for (const { local } of listeners) report.listening(local, target);
    await serve(addon, listeners, options, serveClient, signal);
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** The machine must be running when forward starts. Undefined if forward was ended meanwhile. */
async function present(machine: ForwardedMachine, signal: AbortSignal): Promise<string | undefined> {
  return machine.find().catch((error) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
}
