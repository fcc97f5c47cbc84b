import type { Endpoint } from '../endpoint.js';
import { exitCode, printable } from '../errors.js';
import { diagnose, type Finding } from '../guest/diagnose.js';
import { failures } from '../guest/failures.js';
import { runScript } from '../guest/run-script.js';
import { type CheckOptions, checkScript } from '../guest/script.js';
import { wayInto } from '../guest/ways.js';
import { splitLogin } from '../target/login.js';
import { formatCheck } from './check-format.js';
import { codeOf } from './check-result.js';
import { checkTarget } from './check-target.js';
import type { Command, Io } from './command.js';
import { hostSigns } from './doctor-signs.js';
import { formatProgress } from './guest-lines.js';
import { notRun } from './guest-not-run.js';
import { accountName, guestPort, portOption } from './guest-options.js';
import { type HostFlags, hostFlags, sshConfigOption } from './guest-way.js';
import { type ReachFlags, reachFlags, timeoutOption, verboseOption, waitOption } from './shared-options.js';
import { startProgress } from './spinner.js';
import { styles } from './style.js';
import { positionals } from './values.js';
import { pasteable } from './words.js';

export interface DoctorTargetOptions extends ReachFlags {
  readonly target: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Another way into the same guest. */
  readonly over: HostFlags | undefined;
  readonly sshConfig: string | undefined;
}

/** vmssh doctor TARGET: what is wrong between here and a shell in the guest, with its evidence and its cure. */
export const doctorTarget: Command<DoctorTargetOptions> = {
  name: 'doctor',
  summary: 'find out what is wrong with the way to a machine, and how to mend it',
  usage: '[user@]TARGET',
  details: `It goes the way to a login, and looks from inside the guest where it gets in: by the target itself, or by --over.
The failures it knows are listed in docs/guest.md. Exits with 1 where something is wrong.`,
  options: [
    {
      long: 'over',
      value: '[user@]HOST',
      takes: 'target',
      summary: 'another way into the guest, to look from inside: ssh, a target, wsl/DISTRO',
    },
    portOption,
    {
      long: 'user',
      short: 'l',
      value: 'NAME',
      summary: 'who logs in (default: the user of TARGET, or whom ssh takes)',
    },
    sshConfigOption,
    timeoutOption,
    waitOption,
    verboseOption,
  ],
  examples: [
    { line: 'vmssh doctor mint', about: 'why does ssh mint not work?' },
    { line: 'vmssh doctor --over root@192.0.2.7 vsock/3', about: 'the same, with a look from inside' },
  ],

  parse(raw) {
    const [target = ''] = positionals(raw, 1, 1, '[user@]TARGET');
    const { over, user, 'ssh-config': sshConfig } = raw.options;
    const named = typeof user === 'string' ? user : splitLogin(target).user;
    return {
      target,
      port: raw.options.port === undefined ? undefined : guestPort(raw),
      user: named === undefined ? undefined : accountName(named),
      over: typeof over === 'string' ? hostFlags(over, raw) : undefined,
      sshConfig: typeof sshConfig === 'string' ? sshConfig : undefined,
      ...reachFlags(raw),
    };
  },

  async run(options, io) {
    const { target: typed, over, sshConfig } = options;
    const signal = io.interrupted();
    const style = await styles(io, 'stdout');
    const progress = await startProgress(io, `looking at ${printable(typed)}`);
    const check = await checkTarget(typed, options, io, signal, (stage) =>
      progress.tell(printable(`${typed}: ${stage}`)),
    );
    progress.stop();
    io.out(formatCheck(check, style, io));
    if (!check.means) return codeOf(check);
    const { text: target, port, identityFile } = check.means;
    const user = accountName(check.means.user);
    const signs = await hostSigns({ target, port, user, sshConfig, identityFile, check }, io, signal);
    const { findings, certain } = diagnose(signs);

    const into: HostFlags | undefined =
      over ?? (signs.login?.in ? { host: `${user}@${target}`, way: 'target', sshConfig } : undefined);
    let faults = check.error ? 1 : 0;
    for (const finding of findings) {
      if (finding.suspects) continue;
      io.out(formatProgress({ state: finding.state, step: finding.name, words: finding.words }, style, io));
      if (finding.cure)
        io.out(formatProgress({ state: 'cure', step: finding.name, words: finding.cure }, style, io));
      if (finding.state === 'failed') faults++;
    }
    if (into) {
      io.out(`${style.bold('in the guest')}\n`);
      const { self, platform, env } = io;
      const script = checkScript({
        port,
        account: user,
        over: overOf(check.means.family),
        loggedIn: signs.login?.in === true,
      });
      const way = wayInto({ ...into, script, needsRoot: false, port, identityFile, self, platform });
      const onLine = (line: Parameters<typeof formatProgress>[0]) => io.out(formatProgress(line, style, io));
      const outcome = await runScript(way, { env, signal, onLine });
      if (outcome.code === undefined) throw await notRun({ host: into.host, port }, way, outcome, io, signal);
      faults += outcome.code === 0 ? 0 : 1;
    } else if (!certain) {
      io.out(suspectLines(findings, style.dim, io));
    }
    return faults === 0 ? exitCode.ok : exitCode.connect;
  },
};

function overOf(family: Endpoint['family'] | undefined): CheckOptions['over'] {
  return family === 'unix' || family === 'tcp' ? family : 'vsock';
}

/** Without a look from inside only the suspects can be named. */
function suspectLines(findings: readonly Finding[], dim: (text: string) => string, io: Io): string {
  const suspects = findings.flatMap((finding) => finding.suspects ?? []);
  if (suspects.length === 0) return '';
  const lines = suspects.map((name) => {
    const { number, title, cure } = failures[name];
    const where = number > 0 ? dim(` (${number} in docs/guest.md)`) : '';
    return `  - ${title}${where}\n    ${dim('cure:')} ${pasteable(cure, io)}\n`;
  });
  const look =
    'To know which: --over [user@]HOST looks from inside, or paste what vmssh guest check --script prints into its console';
  return `It may be, the likeliest first:\n${lines.join('')}${pasteable(look, io)}\n`;
}
