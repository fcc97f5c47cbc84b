import { checkTarget } from '../../../checks/check-target.js';
import { notRun } from '../../../checks/not-run.js';
import type { CheckResult } from '../../../checks/result.js';
import { lookAt } from '../../../checks/try-login.js';
import type { Io } from '../../../cli/command.js';
import { accountName } from '../../../cli/guest/account.js';
import type { HostFlags } from '../../../cli/guest/host-flags.js';
import type { ReachFlags } from '../../../cli/shared-options.js';
import { startProgress } from '../../../cli/spinner.js';
import type { Endpoint } from '../../../endpoint.js';
import { type ConnectError, printable } from '../../../errors.js';
import { madeKeyOf, madeKeysOf } from '../../../guest/credentials/made-key.js';
import { diagnose, type Finding, type Signs } from '../../../guest/diagnose.js';
import type { ProgressLine } from '../../../guest/run/progress.js';
import { guestRoute } from '../../../guest/run/route.js';
import { runScript } from '../../../guest/run/run-script.js';
import { type CheckScriptOptions, checkScript, type TriedLogin } from '../../../guest/script.js';
import { splitLogin } from '../../../lookup/login.js';
import { hostSigns } from './signs.js';

export interface ExamineOptions extends ReachFlags {
  readonly target: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Another route into the same guest. */
  readonly over: HostFlags | undefined;
  readonly sshConfig: string | undefined;
}

/** The doctor's findings about a target. */
export interface Examination {
  readonly check: CheckResult;
  readonly findings: readonly Finding[];
  /** Possible causes that need a check from inside, if there was none. */
  readonly suspects: readonly Finding[];
  /** The findings from inside the guest; undefined if it was not checked. */
  readonly guest: { readonly lines: readonly ProgressLine[]; readonly notRun?: ConnectError } | undefined;
  readonly faults: number;
}

/** Prints each part as it is found. */
export interface Show {
  check(result: CheckResult): void;
  finding(finding: Finding): void;
  guest(): void;
  line(line: ProgressLine): void;
  suspects(findings: readonly Finding[]): void;
}

/** Checks from this host, and from inside the guest if it can log in. */
export async function examine(options: ExamineOptions, io: Io, show: Show | undefined): Promise<Examination> {
  const { target: typed, over, sshConfig, routes } = options;
  const signal = io.interrupted();
  const progress = await startProgress(io, `looking at ${printable(typed)}`);
  const check = await checkTarget(typed, options, io, signal, (stage) =>
    progress.update(printable(`${typed}: ${stage}`)),
  );
  progress.stop();
  show?.check(check);
  if (!check.means || signal.aborted)
    return { check, findings: [], suspects: [], guest: undefined, faults: 1 };
  const { text: target, port } = check.means;
  const name = check.means.machine ?? splitLogin(typed).host;
  // As vmssh ssh does.
  const identityFile = madeKeysOf(name, io.env)?.identityFile ?? check.means.identityFile;
  const user = accountName(check.means.user);
  // Where the journal ends, for the cause of a refusal.
  const before = over ? await lookAt(over, io, signal).catch(() => undefined) : undefined;
  const signs = await hostSigns({ target, port, user, sshConfig, identityFile, routes, check }, io, signal);
  const { findings: all, certain } = diagnose(signs);
  const findings = all.filter(({ suspects }) => suspects === undefined);
  for (const finding of findings) show?.finding(finding);

  const into: HostFlags | undefined =
    over ?? (signs.login?.in ? { host: `${user}@${target}`, route: 'target', sshConfig } : undefined);
  const suspects = into || certain ? [] : all.filter(({ suspects }) => suspects !== undefined);
  const faults = findings.filter(({ state }) => state === 'failed').length + (check.error ? 1 : 0);
  if (!into) {
    show?.suspects(suspects);
    return { check, findings, suspects, guest: undefined, faults };
  }
  show?.guest();
  const { self, platform, env } = io;
  const script = checkScript({
    port,
    account: user,
    over: overOf(check.means.family),
    login: triedLogin(signs.login, target, before?.cursor),
    madeKey: madeKeyOf(name, env),
  });
  const own = { port, routes: over ? undefined : routes, identityFile, self, platform };
  const route = guestRoute({ ...into, script, needsRoot: false, ...own });
  const onLine = (line: ProgressLine) => show?.line(line);
  const outcome = await runScript(route, { env, signal, onLine });
  const { lines } = outcome;
  const guest =
    outcome.code === undefined
      ? { lines, notRun: await notRun({ host: into.host, port }, route, outcome, io, signal) }
      : { lines };
  return { check, findings, suspects, guest, faults: faults + (outcome.code === 0 ? 0 : 1) };
}

function triedLogin(login: Signs['login'], target: string, cursor = ''): TriedLogin | undefined {
  if (!login) return undefined;
  if (login.in) return { state: 'in', about: `over ${target}`, cursor };
  return { state: 'refused', about: login.message, cursor };
}

function overOf(family: Endpoint['family'] | undefined): CheckScriptOptions['over'] {
  return family === 'unix' || family === 'tcp' ? family : 'vsock';
}
