import { ConnectError, exitCode } from '../../errors.js';
import { editFile } from '../../files/edit-file.js';
import { undoScript } from '../../guest/script.js';
import { settings } from '../../hosts/options.js';
import { planInstall, planUninstall } from '../../hosts/plan.js';
import { silent } from '../../hosts/refresh.js';
import { formatSettings, inEffect } from '../../hosts/setting.js';
import { carryOut, once } from '../../hosts/write.js';
import { hostKeyAlias } from '../../identity/identity.js';
import { forgetKeys } from '../../identity/pins.js';
import { reachedMachine } from '../../identity/record.js';
import { lookUp } from '../../lookup/login.js';
import { findMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';
import { keptLogins, loginOf, type MachineLogin } from '../../ssh/config/logins.js';
import { knownHostsFile } from '../../ssh/folder.js';
import { undoDevice } from './setup-device.js';
import type { SetupSteps, ShowStep } from './setup-step.js';
import { collector, howToStart, intoByManager, of, runInside } from './setup-step.js';

/** Takes back what `setup` did, or only says what that is: in the machine by its journal there, here by what is kept with the login of its Host. */
export async function undoSetup(
  name: string,
  what: 'plan' | 'do',
  io: Io,
  signal: AbortSignal,
  show: ShowStep,
): Promise<SetupSteps> {
  const named = await lookUp(name, io, signal);
  const { text: target, machine } = named;
  const { steps, add, isFailed } = collector(show);
  const { logins, listed } = await keptLogins(io);
  const login = machine && loginOf(machine, logins, listed);
  const start = await howToStart(named, io, signal);
  if (start !== undefined) {
    add('way', 'failed', `it is ${machine?.status}`, start);
    return { name, target, steps };
  }
  const into = await intoByManager(named, io, signal);
  const inside = await runInside(into, undoScript({ look: what === 'plan' }), io, signal).catch((error) => {
    if (!(error instanceof ConnectError)) throw error;
    // A machine into which an sshd is brought may lack the script's programs.
    if (login?.brings && error.code === 'NOT_RUN') return [];
    // Without a guest agent, setup added only the device.
    if (!login && error.code === 'NO_EXEC') return error;
    throw error;
  });
  if (inside instanceof ConnectError) add('undo', 'skipped', `${inside.problem}: what is in it stays`);
  else for (const step of inside) add(...of(step));
  if (machine && !isFailed()) await undoDevice(reachedMachine(machine), what, io, signal, add);
  if (isFailed()) return { name, target, steps };
  const alias = hostKeyAlias(named);
  const madeKey = !(inside instanceof ConnectError) && inside.some(({ name: step }) => step === 'host-keys');
  // Also of a Host that is gone: the machine does not have that key any more.
  if ((login?.pinned || madeKey) && alias !== undefined) {
    const path = knownHostsFile(io.env);
    const { removed } = what === 'do' ? await forgetKeys(path, [alias]) : { removed: 1 };
    // The file is ours.
    if (what === 'do') await editFile(path, (old) => (old?.length === 0 ? undefined : old), 0o600);
    if (removed === 0) add('host-key', 'ok', 'it is gone already');
    else add('host-key', 'changed', 'it is forgotten');
  }
  const lost = login?.brings ? 'brings no sshd' : `has no User ${login?.user}`;
  if (login === undefined) add('config', 'ok', 'no Host has a user or a key from setup');
  else if (what === 'plan' || (await withoutLogin(login, io)))
    add('config', 'changed', `its Host ${lost} any more`);
  else add('config', 'failed', 'the lines for ssh were not all written', 'vmssh config install shows why');
  return { name, target, steps };
}

/** Whether the lines for ssh could be written without the login: none at all, if setup wrote the first and nothing was set since. */
async function withoutLogin(login: MachineLogin, io: Io): Promise<boolean> {
  const quiet = silent(io);
  const find = once(findMachines);
  const { code, plan } = await carryOut(async () => {
    const { logins, state } = await keptLogins(io);
    const [next, ...others] = logins.filter(({ target }) => target !== login.target);
    if (login.first && next === undefined && isUnset(state?.options ?? {}))
      return planUninstall({ system: false }, quiet);
    const left = next && login.first ? { ...next, first: true as const } : next;
    return planInstall({ system: false, logins: left ? [left, ...others] : [] }, quiet, find);
  }, quiet);
  return code === exitCode.ok && plan.refusal === undefined;
}

/** Whether no setting of `config install` was ever given. */
function isUnset(kept: Parameters<typeof settings.logins.parse>[0]): boolean {
  const text = (values: typeof kept) =>
    JSON.stringify(formatSettings(settings, inEffect(settings, { logins: [] }, values)));
  return text(kept) === text({});
}
