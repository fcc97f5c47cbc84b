import type { Command, Io } from '../../cli/command.js';
import { complain, pasteable } from '../../cli/message.js';
import { type ReachFlags, reachFlags, timeoutOption } from '../../cli/shared-options.js';
import { styles } from '../../cli/style.js';
import { positionals } from '../../cli/values.js';
import { exitCode } from '../../errors.js';
import { hostLines, hostName } from '../../guest/host-lines.js';
import { cidOf } from '../../guest/run/progress.js';
import { newProof } from '../../guest/run/proof.js';
import { targetOf } from '../../guest/run/route.js';
import { type ScriptOptions, setupScript, undoScript } from '../../guest/script.js';
import { kindOf } from '../../kinds/kinds.js';
import { parseTarget } from '../../kinds/parse.js';
import { lookUp } from '../../lookup/find-target.js';
import { splitUser } from '../../lookup/login.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { hostKeyAlias } from '../../ssh/identity.js';
import { formatCheck } from '../check/format.js';
import { checkTarget } from '../check/target.js';
import { knownHostsOf } from '../config/decide.js';
import { scriptOptions, setupOptions, targetOption, undoOption } from './options.js';
import { isSameMachine, overTarget } from './proof.js';
import { rootRunner } from './root.js';
import { type HostFlags, hostFlags, routeOption, sshConfigOption } from './route.js';

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
  exclusive: setupOptions.map((option) => [undoOption, option]),
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
  const { port, account, onlyVsock = false } = script;
  const signal = io.interrupted();
  const run = await rootRunner(io, signal);
  const proof = newProof();
  const done = await run(
    into,
    undo ? undoScript() : setupScript({ ...script, onlyVsock: false, leave: proof }),
  );
  if (undo || done.code !== 0) return done.code === 0 ? exitCode.ok : exitCode.connect;

  const typed = options.target ?? ownTarget(into.host);
  const target = typed ?? targetByCid(cidOf(done.lines));
  if (target === undefined) {
    const problem = 'it is not known how this host reaches the guest: its CID cannot be read there';
    await complain(problem, 'set its target with --target TARGET, or check it later: vmssh check TARGET', io);
    return exitCode.connect;
  }
  const user = account ?? splitUser(into.host).user ?? 'root';
  const checked = await check(target, { port, user, ...options.reach }, io, signal);
  io.out(formatCheck(checked, await styles(io, 'stdout'), io));
  if (checked.error) return exitCode.connect;

  const over = overTarget(into, account, target);
  const same = { host: into.host, target, isClaimed: typed === undefined, proof, port, goesOn: onlyVsock };
  if (!(await isSameMachine(over, same, io, signal))) return exitCode.connect;
  if (onlyVsock) {
    const closed = await run(over, setupScript({ ...script, keys: [], onlyVsock, expect: proof }), port);
    if (closed.code !== 0) return exitCode.connect;
  }
  io.out(`\n${await afterwards(options, target, io)}`);
  return exitCode.ok;
}

/** The typed host, if it is a target. */
function ownTarget(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

function targetByCid(cid: number | undefined): string | undefined {
  return cid === undefined ? undefined : `vsock/${cid}`;
}

/** What to type from now on. */
async function afterwards({ into, script }: GuestInstallOptions, target: string, io: Io): Promise<string> {
  const { port, account } = script;
  const name = hostName(splitUser(into.host).host);
  const user = account ?? splitUser(into.host).user;
  const found = await lookUp(target, io).catch(() => ({ target: parseTarget(target) }));
  const { program } = await callerForSsh(io);
  const lines = hostLines({
    ...{ name, target, port, user, program, platform: io.platform },
    ...{ knownHosts: knownHostsOf(io), hostKeyAlias: hostKeyAlias(found) },
  });
  const onWindows = kindOf(parseTarget(target)).from.startsWith('windows');
  const registration =
    onWindows && port !== 22
      ? `\nWindows may want port ${port} registered once, in an elevated terminal:\n${pasteable(`vmssh service register ${port}`, io)}\n`
      : '';
  return `For ~/.ssh/config, to type ssh ${name} from now on:\n\n${lines}${registration}`;
}
