import { sshPort } from '../../../address/port.js';
import { checkTarget } from '../../../checks/check-target.js';
import { formatCheck } from '../../../checks/format.js';
import { lookAt } from '../../../checks/try-login.js';
import type { Command, Io } from '../../../cli/command.js';
import {
  type HostFlags,
  hostFlags,
  overTarget,
  routeOption,
  sshConfigOption,
} from '../../../cli/guest/host-flags.js';
import { complain } from '../../../cli/message.js';
import { type ReachFlags, reachFlags, timeoutOption } from '../../../cli/shared-options.js';
import { styles } from '../../../cli/style.js';
import { positionals } from '../../../cli/values.js';
import { exitCode, printable } from '../../../errors.js';
import { cidOf } from '../../../guest/run/progress.js';
import { newProof } from '../../../guest/run/proof.js';
import { targetOf } from '../../../guest/run/route.js';
import { type ScriptOptions, setupScript, undoScript } from '../../../guest/script.js';
import { splitUser } from '../../../lookup/login.js';
import { scriptOptions, setupExclusive, setupOptions, targetOption, undoOption } from '../options.js';
import { isSameMachine } from '../proof.js';
import { type RootRunner, rootRunner } from '../root.js';
import { afterwards } from './afterwards.js';
import { ownSettings } from './own-settings.js';

export interface GuestInstallOptions {
  readonly into: HostFlags;
  readonly script: ScriptOptions;
  readonly undo: boolean;
  /** How the guest is reached from now on; undefined: by the CID that it reports. */
  readonly target: string | undefined;
  readonly reach: ReachFlags;
}

/** vmssh guest install: sets up a guest over a route that works, and proves the new one. */
export const guestInstall: Command<GuestInstallOptions> = {
  name: 'guest install',
  summary: 'set up a guest over a route that already works, and prove the route over vsock',
  usage: '[user@]HOST',
  details: `HOST is anything ssh reaches, a target, or wsl/DISTRO; --route=machinectl goes into a container by its name.
It runs what vmssh guest script prints, and then checks the guest as a target.`,
  options: [targetOption, ...setupOptions, undoOption, routeOption, sshConfigOption, timeoutOption],
  exclusive: setupExclusive,
  examples: [
    { line: 'vmssh guest install root@192.0.2.7', about: 'over ssh and TCP, for the last time' },
    { line: 'vmssh guest install wsl/Ubuntu', about: 'in a WSL2 distribution, from Windows' },
    {
      line: 'vmssh guest install --only-vsock --target hyper-v/mint me@mint',
      about: 'and close TCP once the new route is proved',
    },
    { line: 'vmssh guest install --undo root@vsock/3', about: 'undo it' },
  ],

  parse(raw) {
    const [host = ''] = positionals(raw, 1, 1, '[user@]HOST');
    return {
      into: hostFlags(host, raw),
      script: scriptOptions(raw),
      undo: undoOption.read(raw),
      target: targetOption.read(raw),
      reach: reachFlags(raw),
    };
  },

  run: (options, io) => install(options, io),
};

/** Sets the guest up, proves the new route, and closes TCP if asked. Resolves to the exit code. */
export async function install(options: GuestInstallOptions, io: Io, check = checkTarget): Promise<number> {
  const { into, script, undo } = options;
  const { port, account } = script;
  const goesOn = closesTcp(script);
  const signal = io.interrupted();
  const run = await rootRunner(io, signal);
  const proof = newProof();
  const done = await run(
    into,
    undo ? undoScript() : setupScript({ ...script, onlyVsock: false, onlyLoopback: false, leave: proof }),
  );
  if (undo || done.code !== 0) return done.code === 0 ? exitCode.ok : exitCode.connect;

  const own = await ownSettings(into, io, signal);
  const named = account ?? splitUser(into.host).user ?? own.user;
  const typed = options.target ?? ownTarget(into.host);
  if (typed === undefined && port === sshPort && (await isBySocket(into, io, signal)))
    return ownRoute({ ...options, proof }, run, io, signal);
  const target = typed ?? targetByCid(cidOf(done.lines));
  if (target === undefined) {
    const problem = 'it is not known how this host reaches the guest: its CID cannot be read there';
    await complain(problem, 'set its target with --target TARGET, or check it later: vmssh check TARGET', io);
    return exitCode.connect;
  }
  const checked = await check(target, { port, user: named ?? 'root', ...options.reach }, io, signal);
  io.out(formatCheck(checked, await styles(io, 'stdout'), io));
  if (checked.error) return exitCode.connect;

  const over = overTarget(into, account, target);
  const same = { host: into.host, target, isClaimed: typed === undefined, proof, port, goesOn };
  if (!(await isSameMachine(over, same, io, signal))) return exitCode.connect;
  if (goesOn) {
    const closed = await run(over, setupScript({ ...script, keys: [], expect: proof }), port);
    if (closed.code !== 0) return exitCode.connect;
  }
  io.out(`\n${await afterwards({ host: into.host, target, port, user: named, own }, io)}`);
  return exitCode.ok;
}

/** HOST itself goes over a socket, as by a multiplexer: that is the route to prove, and nothing is to be written for it. */
async function ownRoute(
  { into, script, proof }: GuestInstallOptions & { readonly proof: string },
  run: RootRunner,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const { account } = script;
  const goesOn = closesTcp(script);
  const { user, host } = splitUser(into.host);
  const login = account ?? user;
  const over = { ...into, host: login === undefined ? host : `${login}@${host}` };
  const same = { host: into.host, target: `ssh ${host}`, isClaimed: false, proof, goesOn };
  if (!(await isSameMachine(over, { ...same, port: undefined }, io, signal))) return exitCode.connect;
  if (goesOn) {
    const closed = await run(over, setupScript({ ...script, keys: [], expect: proof }));
    if (closed.code !== 0) return exitCode.connect;
  }
  io.out(
    `\nssh ${printable(over.host)} goes over that socket already: ~/.ssh/config needs no other lines.\n`,
  );
  return exitCode.ok;
}

/** Whether TCP is closed, to all or to other hosts, once the route is proved. */
function closesTcp({ onlyVsock = false, onlyLoopback = false }: ScriptOptions): boolean {
  return onlyVsock || onlyLoopback;
}

/** Whether ssh's own route to HOST is a socket without an address. */
async function isBySocket(into: HostFlags, io: Io, signal: AbortSignal): Promise<boolean> {
  if (into.route !== 'ssh') return false;
  return lookAt(into, io, signal).then(
    ({ bySocket }) => bySocket,
    () => false,
  );
}

/** The typed host, if it is a target. */
function ownTarget(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

function targetByCid(cid: number | undefined): string | undefined {
  return cid === undefined ? undefined : `vsock/${cid}`;
}
