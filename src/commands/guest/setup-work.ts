import { runLogin } from '../../checks/try-login.js';
import { guestCaller, guestLogin } from '../../guest/run/route.js';
import { configFiles } from '../../hosts/places.js';
import type { Io } from '../../process/io.js';
import { asksNothing, ownConnection, sshCommand, sshProgram } from '../../process/ssh-program.js';
import { configArgument } from '../../ssh/config/word.js';
import { otherHome } from '../../ssh/folder.js';
import { slug } from '../../target/names.js';
import { sshPort } from '../../target/numbers.js';
import { shellOf, shellQuoted } from '../../target/shell.js';
import { afterwards } from './install.js';
import type { SetupOptions } from './options.js';
import { addDevice } from './setup-device.js';
import { pinShown } from './setup-keys.js';
import type { SetupPlan, Work } from './setup-plan.js';
import type { SetupSteps, ShowStep } from './setup-step.js';
import { checkUntil, collector, configStep, of, runInside } from './setup-step.js';

/** Does what a plan says that is still to do, and logs in. Stops at the first failure: it can be run again. */
export async function carryOutSetup(
  { work, missing, byHand, ...plan }: SetupPlan,
  options: SetupOptions,
  io: Io,
  signal: AbortSignal,
  show: ShowStep,
): Promise<SetupSteps> {
  const { name, target } = plan;
  const { steps, add, isFailed } = collector(show);
  const all = (more: Partial<SetupSteps> = {}): SetupSteps => {
    const isDone = ({ name: step }: { readonly name: string }) => steps.some((each) => each.name === step);
    return { ...plan, ...more, steps: [...plan.steps.filter((step) => !isDone(step)), ...steps] };
  };
  const typed = shellQuoted(target, shellOf(io));
  if (missing && !(await addDevice(missing, { restart: options.restart, typed }, io, add))) return all();
  if (byHand) add('inside', 'failed', ...byHand);
  if (work === undefined) return all();
  const { into, machine, login, scripts, by } = work;
  const { user, identityFile, brings } = login;
  for (const script of scripts) {
    for (const step of await runInside(into, script, io, signal)) add(...of(step));
    if (isFailed()) return all();
  }
  const check = brings ? undefined : await checkUntil('authentication', target, user, io, signal);
  if (check?.error) {
    const step = check.error.code.startsWith('HOST_KEY') ? 'host-key' : 'sshd';
    // It is set up already.
    add(step, 'failed', check.error.problem, check.error.otherHint ?? check.error.hint);
    return all();
  }
  const shown = check?.stages.find(({ stage }) => stage === 'host key')?.found ?? '';
  const pins = plan.steps.some(({ name: step, state }) => step === 'host-key' && state === 'changed');
  // By this --undo knows the pin, which follows.
  const kept = pins ? ({ ...login, pinned: true } as const) : login;
  const host = options.noConfig ? undefined : await configStep(kept, 'do', io, add);
  if (isFailed()) return all();
  if (pins) await pinShown(shown, { typed: name, target, machine }, io, signal, add);
  // Then a key that is pinned later is not setup's.
  if (isFailed() && host !== undefined) await configStep({ ...login, pinned: undefined }, 'do', io, () => {});
  if (isFailed()) return all();
  const command = await loginCommand(host, target, work, io);
  // Only what is verified counts.
  const end = await runLogin(command, { env: { ...io.env, VMSSH_HOST_KEYS: 'strict' } }, signal);
  const words = host ?? `${user}@${target}`;
  const again = brings ? `ssh -v ${words}` : `vmssh check ${shellQuoted(`${user}@${target}`, shellOf(io))}`;
  const and = shown && `; its host key is ${shown}`;
  const who = user ?? "the machine's own user";
  const said = /^vmssh: (cannot .*)$/m.exec(end.stderr)?.[1] ?? end.message;
  if (end.code === 0) add('login', 'ok', `ssh ${words} is ${who}, by ${by}${and}`);
  else add('login', 'failed', `ssh ${words}: ${said}`, /^hint: (.*)$/m.exec(end.stderr)?.[1] ?? again);
  if (!options.noConfig) return all({ host });
  const keys = identityFile === undefined ? [] : [['IdentityFile', configArgument(identityFile)] as const];
  const named = slug(machine.name);
  return all({ lines: await afterwards({ host: name, name: named, target, port: sshPort, user, keys }, io) });
}

async function loginCommand(
  host: string | undefined,
  target: string,
  { login: { user, identityFile } }: Work,
  io: Io,
): Promise<readonly string[]> {
  const words = { settings: [asksNothing, ownConnection, 'RemoteCommand=none'], command: 'true' };
  if (host === undefined) {
    const into = { route: 'target', host: `${user}@${target}` } as const;
    return guestLogin({ ...into, identityFile, ...(await guestCaller(io, into)) }, words);
  }
  // ssh does not read HOME.
  const { main } = configFiles({ system: false }, io);
  const configFile = otherHome(io.env, io.platform) === undefined ? undefined : main;
  return sshCommand({ ssh: sshProgram(io), configFile, host, ...words });
}
