import { printable } from '../../base/errors.js';
import { type AddonState, confine, loadAddon } from '../../base/native.js';
import {
  type Command,
  flag,
  givenPort,
  listOf,
  portArgument,
  portOption,
  positionals,
  type RawArgs,
  readAll,
  textOption,
  UsageError,
} from '../../cli/command.js';
import { reachArgs, runOverInterop, windowsVmssh } from '../../cli/reach/over-interop.js';
import { reachBy } from '../../cli/reach/reach-target.js';
import {
  type ReachFlags,
  reachFlags,
  reachOptions,
  routesOption,
  throughHop,
  verboseOption,
} from '../../cli/shared-options.js';
import { findTarget, splitLogin } from '../../reach/login.js';
import { awaitBanner, bannerLimit } from '../../ssh/banner.js';
import { parseGuid } from '../../typed/numbers.js';
import { insteadOfVerb } from '../../typed/other-verbs.js';
import { withTarget } from '../../typed/shell.js';

export interface NcOptions extends ReachFlags {
  readonly text: string;
  readonly port: number;
  readonly banner: boolean;
  /** Run by ssh as its ProxyCommand: ends when ssh does, as the proxy does. */
  readonly forSsh: boolean;
  /** Run on a hypervisor for a vmssh elsewhere: what its answer begins with. */
  readonly ready?: string;
}

const own = {
  banner: flag({
    long: 'banner',
    short: 'b',
    summary: 'print the SSH banner and exit, even if stdin is not a terminal',
  }),
  pipe: flag({ long: 'pipe', summary: 'pipe even if stdin is a terminal' }),
  transport: listOf<'vsock' | 'ip'>({
    long: 'transport',
    short: 't',
    value: 'LIST',
    choices: ['vsock', 'ip'],
    takes: ['vsock', 'ip', 'vsock,ip'],
    summary:
      "--route in the spelling of hvc: vsock, the machine's route over vsock or Hyper-V sockets; ip; or vsock,ip",
    platform: 'win32',
  }),
  forSsh: flag({
    long: 'ssh',
    summary: 'for a ProxyCommand that was written for hvc of Windows: ssh runs this',
    platform: 'win32',
  }),
  prefix: textOption({
    long: 'host-prefix',
    value: 'PREFIX',
    summary: 'for such a ProxyCommand: what the name may start with',
    platform: 'win32',
  }),
  ready: textOption({
    long: 'ready',
    value: 'TEXT',
    summary: 'for via/HOST/TARGET: print "TEXT by vmssh" once it is connected, or "TEXT failed" and why',
  }),
};
const routesOver = { vsock: ['vsock', 'vsock-mux', 'hyper-v'], ip: ['ip'] } as const;

/** vsock-nc TARGET [PORT]: a banner check on a terminal, a pipe elsewhere; takes the flags of hvc nc. */
export const nc: Command<NcOptions> = {
  name: 'nc',
  summary: "print a machine's SSH banner, or pipe to one of its ports",
  usage: 'TARGET [PORT]',
  details: 'On a terminal it prints the SSH banner and exits; if stdin is not a terminal it pipes like nc.',
  options: [...Object.values(own), portOption, ...reachOptions, verboseOption],
  exclusive: [
    [own.banner, own.pipe],
    [own.banner, own.ready],
    [routesOption, own.transport],
  ],
  examples: {
    'vmssh nc mint': 'does sshd answer in this machine?',
    'vmssh nc vsock/3': 'in the one with CID 3?',
    'vmssh nc vsock-mux/run/fc/v.sock 5000 < request > answer': 'talk to another port',
    'vmssh nc --wait --banner machine/web': 'wait until a machine has booted',
  },
  examplesOnWindows: {
    'vmssh nc -t vsock,ip --ssh --host-prefix hyper-v/ "hyper-v/mint" 22':
      'instead of hvc nc in a ProxyCommand',
  },

  parse(raw, io) {
    const [typed = '', after] = positionals(raw, 1, 2, 'TARGET [PORT]');
    const { host: name, port } = splitLogin(throughHop(raw, typed));
    const given = portAfter(typed, raw, after);
    const { banner, pipe, transport, forSsh, prefix, ready } = readAll(raw, own);
    const reach = reachFlags(raw);
    const isHvc = forSsh || prefix !== undefined || transport !== undefined;
    return {
      text: isHvc ? nameOfHvc(name, prefix, io.platform) : name,
      port: given ?? portArgument(port),
      banner: banner || (io.terminal.stdin && !pipe && !forSsh),
      forSsh,
      ready,
      ...reach,
      routes: reach.routes ?? transport?.flatMap((each) => routesOver[each]),
    };
  },

  async run(options, io) {
    const trace = options.verbose ? (await import('../../cli/terminal.js')).stepTrace(io) : undefined;
    if (options.forSsh && !options.banner)
      return (await import('./proxy.js')).proxy.run({ ...options, fdpass: false, record: false }, io);
    const { ready } = options;
    if (ready !== undefined)
      return (await import('./last-step.js')).lastStep({ ...options, ready }, trace, io);
    const signal = options.banner ? io.interrupted() : undefined;
    const means = await findTarget(options.text, io, signal);
    const { text, target } = means;
    const windows = windowsVmssh(target, io);
    if (windows !== undefined) return runOverInterop(windows, windowsArgs({ ...options, text }), text);
    const native: AddonState = loadAddon();
    // What it is connected to may wait for what we send, as with hvc.
    const during = { trace, signal, untilBanner: false, start: options.start };
    const { connection } = await reachBy(means, options, during, io);
    if (options.banner) {
      // A program that carries the bytes is ended by us.
      if (connection.handle && !connection.handedOver) confine('read', io.env);
      try {
        io.out(`${printable(await awaitBanner(connection, options.timeoutMs, signal))}\n`);
        // Closed with bytes unread, the connection would look broken to the server.
        await connection.read(bannerLimit);
      } catch (error) {
        throw withTarget(text, error);
      } finally {
        connection.close();
      }
      return 0;
    }
    const { relayToEnd } = await import('./lasting.js');
    return relayToEnd(connection, { text, native, lingerMs: -1, trace, ignoreInterrupts: false }, io);
  },
};

/** As `givenPort`; a verb of hvc with a name, which is no port, gets its own hint. */
function portAfter(typed: string, raw: RawArgs, after: string | undefined): number | undefined {
  try {
    return givenPort(raw, after);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message, insteadOfVerb(typed) ?? error.hint);
  }
}

/** The same call for the Windows build, with the choice of banner or pipe made here. */
function windowsArgs(options: NcOptions): readonly string[] {
  const { text, port, banner } = options;
  return ['nc', banner ? '--banner' : '--pipe', ...reachArgs(options), '--', text, String(port)];
}

/** hvc strips `prefix`, which is the kind here. On Windows a bare name is that of a Hyper-V machine; a bare GUID is a target already. */
function nameOfHvc(name: string, prefix: string | undefined, platform: NodeJS.Platform): string {
  const text = prefix === undefined || name.startsWith(prefix) ? name : prefix + name;
  const isBare = /^[^/%:]+$/.test(text) && !text.startsWith('.') && parseGuid(text) === undefined;
  return isBare && platform === 'win32' ? `hyper-v/${text}` : text;
}
