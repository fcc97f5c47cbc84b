import { type Command, type Io, UsageError } from '../../cli/command.js';
import { startProgress } from '../../cli/spinner.js';
import { exitCode, printable, quote } from '../../errors.js';
import { adoptAll } from '../../hosts/adopt-all.js';
import type { Decision } from '../../hosts/decide.js';
import { enableUnits } from '../../hosts/fresh/enable.js';
import { userKnownHostsFile, withoutKey, writeLoopbackKeys } from '../../hosts/loopback/known-hosts.js';
import { serveLoopback } from '../../hosts/loopback/serve.js';
import { type ConfigOptions, configOptions, dryRunOption, fileOptions } from '../../hosts/options.js';
import { configFiles } from '../../hosts/places.js';
import { planInstall } from '../../hosts/plan.js';
import { checkSshOptions } from '../../hosts/ssh-option.js';
import { carryOut, once } from '../../hosts/write/carry-out.js';
import { findMachines } from '../../machines/find-machines.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { otherHome } from '../../ssh/folder.js';
import { askForFresh } from './ask-for-fresh.js';
import { counted, whatNow } from './what-now.js';

export interface ConfigInstallOptions extends ConfigOptions {
  readonly dryRun: boolean;
}

/** vmssh config install: our lines in a file of their own, and one Include line in ssh's main configuration. */
export const configInstall: Command<ConfigInstallOptions> = {
  name: 'config install',
  summary: "put the lines into ssh's configuration: ~/.ssh/vmssh.conf, and one Include in ~/.ssh/config",
  usage: '',
  details: `Run it again when machines come or go, or use --fresh: then vmssh list, vmssh ssh and, with systemd, a user unit
update the Hosts. Hosts of a provider that cannot be asked stay; they and the options are kept in ~/.ssh/vmssh.json. A file that vmssh did not write, or that was edited,
is not changed. With --via it also writes Hosts NAME.HOST for the machines of other hypervisors; later runs keep them, until they are asked again or --no-via is given. On a terminal it asks once whether to keep the Hosts fresh. These options stay in effect for later runs: --prefix and --only-patterns until one of them is given again, --no-fdpass until
--fdpass, --start until --no-start, --route until --no-route, --fresh until --no-fresh, --loopback until --no-loopback, -o KEY=VALUE until -o KEY= or another value. -o is for every Host; for one machine, write a Host of your own in ~/.ssh/config. With --dry-run it prints a diff, and exits 1 if something would change.`,
  ...fileOptions,
  options: [...fileOptions.options, dryRunOption],
  examples: [
    {
      line: 'vmssh config install',
      about: 'from then on: ssh mint, ssh root@vsock/3, and VS Code lists the machines',
    },
    { line: 'vmssh config install --fresh', about: 'and the Hosts follow the machines from then on' },
    { line: 'vmssh config install --prefix vm-', about: 'ssh vm-mint' },
    {
      line: 'vmssh config install --via hv1,hv2',
      about: 'ssh mint.hv1, for the machines of other hypervisors',
    },
    { line: 'vmssh config install -o ForwardAgent=yes -o User=root', about: 'settings for every Host' },
    { line: 'sudo vmssh config install --system', about: 'the patterns for all users of this host' },
  ],

  parse: (raw) => ({ ...configOptions(raw), dryRun: dryRunOption.read(raw) }),

  async run(given, io) {
    await checkSshOptions(given.sshOptions, io);
    const files = configFiles(given, io);
    if (files.own.includes('\ufffd')) await refuseOtherBytes(files.own);
    const home = given.system ? undefined : otherHome(io.env, io.platform);
    if (home !== undefined)
      io.err(
        `${io.program}: warning: HOME is ${printable(io.env.HOME ?? '')}, but ssh uses the home directory ${printable(home)}\n`,
      );
    const why = given.system ? await whyNotForAll(io) : undefined;
    if (why !== undefined)
      io.err(
        `${io.program}: warning: every user's ssh would run this program, and ${printable(why)}: install it where only root can change it, as the Debian package does\n`,
      );
    const find = once(findMachines);
    if (given.dryRun) {
      const { showPlan } = await import('../../hosts/write/show.js');
      return showPlan(await planInstall(given, io, find, files), io);
    }
    const fresh = given.fresh ?? (await askForFresh(given, io, files));
    if (fresh === 'left') return exitCode.interrupted;
    const { code, plan } = await carryOut(() => planInstall({ ...given, fresh }, io, find, files), io);
    const { decision, startsUnits } = plan;
    if (code === exitCode.ok && startsUnits) await enableUnits(io);
    if (decision) await adoptAll(decision.machines, io);
    if (!decision || given.system) return code;
    if (code === exitCode.ok) await meetMachines(decision, io);
    if (await writeLoopbackKeys(decision.state, io))
      io.out(`changed ${printable(userKnownHostsFile(io.env))}\n`);
    if (code !== exitCode.ok) return code;
    const served = await serveLoopback(decision.state, files.units, io, true);
    if (!decision.state.options.onlyPatterns) io.out(`${whatNow(decision.state, served, io)}\n`);
    return code;
  },
};

/** Why every user's ssh cannot run this program. */
async function whyNotForAll(io: Io): Promise<string | undefined> {
  const { notForAll } = await import('./system.js');
  return notForAll((await callerForSsh(io)).program);
}

/** Machines with a loopback port that run: programs that go there cannot ask whether a first host key is right. */
async function meetMachines({ state, machines }: Decision, io: Io): Promise<void> {
  const running = new Set(machines.filter(({ status }) => status === 'running').map(({ target }) => target));
  const unknown = (await withoutKey(state, io.env)).filter(({ target }) => running.has(target));
  if (unknown.length === 0) return;
  const progress = await startProgress(io, `asking ${counted(unknown.length)} for host keys`);
  const { learnKeys } = await import('../../hosts/loopback/learn.js');
  const met = await learnKeys(unknown, state, io, io.interrupted()).finally(() => progress.stop());
  if (met.length > 0) io.out(`took the host keys of ${counted(met.length)}, as a first login by ssh does\n`);
}

/** Throws a UsageError if Node has replaced bytes of HOME: the files would go to another folder. */
async function refuseOtherBytes(path: string): Promise<void> {
  const { otherBytes } = await import('../../process/other-bytes.js');
  if (otherBytes('/proc/self/environ', [path]) === undefined) return;
  throw new UsageError(
    `the path ${quote(path)} holds bytes that are not UTF-8, which Node cannot hand on`,
    'set HOME to another folder, or use the executable, which takes any bytes: npm run build:exe',
  );
}
