import { byManager } from '../../checks/by-manager.js';
import { checkTarget } from '../../checks/check-target.js';
import { whyNotRun } from '../../checks/inside.js';
import { loginTimeoutMs } from '../../checks/try-login.js';
import { findingsOf } from '../../cli/guest.js';
import type { FindingJson } from '../../cli/json.js';
import { reachFlags } from '../../cli/shared-options.js';
import { exitCode } from '../../errors.js';
import { guestCaller, guestRoute, type HostFlags } from '../../guest/run/route.js';
import { type ProgressLine, runScript } from '../../guest/run/run-script.js';
import { planInstall } from '../../hosts/plan.js';
import { silent } from '../../hosts/refresh.js';
import { carryOut, once } from '../../hosts/write.js';
import type { ListedTarget } from '../../lookup/short-name.js';
import { findMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';
import { mayBeUp } from '../../sources/source.js';
import { keptLogins, type MachineLogin } from '../../ssh/config/logins.js';
import { shellOf, shellQuoted, startLine } from '../../target/shell.js';

/** Prints a step with its fix, which may be the machine's own words. */
export type ShowStep = (step: FindingJson, isGuests: boolean) => void;

export interface SetupSteps {
  /** As typed. */
  readonly name: string;
  readonly target: string;
  readonly steps: readonly FindingJson[];
  /** What to type after `ssh`. */
  readonly host?: string;
  readonly user?: string;
  /** The lines for ssh, if they are not written. */
  readonly lines?: string;
}

export type Add = (
  step: string,
  state: FindingJson['state'],
  found: string,
  fix?: string,
  isGuests?: boolean,
) => void;

/** Keeps the steps, and shows each; `isFailed`: whether one of them did. */
export function collector(show: ShowStep) {
  const steps: FindingJson[] = [];
  const add: Add = (name, state, found, fix, isGuests = false) => {
    const step = { name, state, found, fix };
    steps.push(step);
    show(step, isGuests);
  };
  return {
    steps: steps as readonly FindingJson[],
    add,
    isFailed: () => steps.some(({ state }) => state === 'failed'),
  };
}

/** A step of a script: what the machine says. */
export function of({ name, state, found, fix }: FindingJson): Parameters<Add> {
  return [name, state, found, fix, true];
}

export function checkUntil(
  until: 'banner' | 'authentication',
  target: string,
  user: string | undefined,
  io: Io,
  signal: AbortSignal,
) {
  const flags = { ...reachFlags(), until, user, port: undefined };
  // A machine that was just set up may answer as late as its login.
  const patient = until === 'authentication' ? { ...flags, timeoutMs: loginTimeoutMs } : flags;
  return checkTarget(target, patient, io, signal);
}

/** The command of its manager that starts a machine, or what else it says of one that is off. Undefined for one that may be up. */
export async function howToStart(
  { text, machine }: ListedTarget,
  io: Io,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (machine === undefined || mayBeUp(machine)) return undefined;
  const { start, hint } = (await checkUntil('banner', text, undefined, io, signal)).error ?? {};
  return (start && startLine(start, shellOf(io))) ?? hint ?? 'run this again';
}

/** The way into a machine by its manager. Throws a ConnectError. */
export function intoByManager(named: ListedTarget, io: Io, signal: AbortSignal): Promise<HostFlags> {
  const host = { host: named.text, route: 'exec', sshConfig: undefined } as const;
  return byManager(host, io, signal, async () => named);
}

/** A script that waits for something there is ended. Milliseconds. */
const maxMs = 300_000;

/** Runs a script by its manager. Throws a ConnectError if it did not end there. */
export async function runInside(
  into: HostFlags,
  script: string,
  io: Io,
  signal: AbortSignal,
): Promise<readonly FindingJson[]> {
  const route = guestRoute({ ...into, ...(await guestCaller(io, into)), script, needsRoot: true });
  const lines: ProgressLine[] = [];
  const onLine = (line: ProgressLine) => void lines.push(line);
  const outcome = await runScript(route, { env: into.env ?? io.env, signal, onLine, limitMs: maxMs });
  if (outcome.code === undefined) throw await whyNotRun(into, route, outcome, io, signal);
  return findingsOf(lines);
}

/** The Host of the machine, by `config install`. Resolves to its name. */
export async function configStep(
  login: MachineLogin,
  what: 'plan' | 'do',
  io: Io,
  add: Add,
): Promise<string | undefined> {
  const quiet = silent(io);
  const find = once(findMachines);
  const make = async () => {
    const others = (await keptLogins(io)).logins.filter((each) => each.target !== login.target);
    return planInstall({ system: false, logins: [...others, login] }, quiet, find);
  };
  const { code, plan } =
    what === 'do' ? await carryOut(make, quiet) : { code: exitCode.ok, plan: await make() };
  const { refusal, decision, changes, files } = plan;
  const host = decision?.state.machines.find((each) => each.target === login.target)?.host;
  const left = decision?.left.find(({ target }) => target === login.target);
  const none = `config install makes no Host for it: ${left?.why ?? 'none is wanted, or nothing lists it now'}`;
  const named = shellQuoted(login.target, shellOf(io));
  const again = `vmssh setup --no-config ${named} prints the lines; vmssh config install says more`;
  if (refusal) add('config', 'failed', `${refusal.path}: ${refusal.why}`, refusal.hint);
  else if (code !== exitCode.ok) add('config', 'failed', 'the lines for ssh were not all written', again);
  else if (host === undefined) add('config', 'failed', none, again);
  else {
    const key = login.identityFile === undefined ? '' : `, IdentityFile ${login.identityFile}`;
    const what = login.brings ? 'each login brings an sshd' : `User ${login.user}${key}`;
    const where = changes.flatMap(({ path }) => (path === files.state ? [] : [path])).join(', ');
    const says = `Host ${host}: ${what}${where && `; in ${where}`}`;
    add('config', changes.length === 0 ? 'ok' : 'changed', says);
  }
  return host;
}
