import { exitCode } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import { hostKeyAlias } from '../book/identity.js';
import { keptLogin, withLogin, withoutLogin } from '../book/logins.js';
import { inKnownHosts } from '../book/names.js';
import type { HostMachine, MachineLogin, MachineRecord } from '../book/state.js';
import { noState, writtenState } from '../book/state.js';
import { pasteable } from '../cli/failure.js';
import { readBytes } from '../files/read-file.js';
import { knownHostsOf } from '../hosts/decide.js';
import { settings } from '../hosts/options.js';
import { planInstall, planUninstall } from '../hosts/plan.js';
import { asLastTime, silent } from '../hosts/refresh.js';
import { isUnset } from '../hosts/setting.js';
import { hostLines, hostName } from '../hosts/text.js';
import { carryOut, once } from '../hosts/write.js';
import { guestKeysFor, trustIn } from '../keys/guest-keys.js';
import { managerPrints } from '../keys/manager-keys.js';
import { kindOf, parseTarget } from '../kinds/kinds.js';
import { findMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { everySshAbilities } from '../process/ssh-program.js';
import { lookUp, splitUser } from '../reach/login.js';
import { type ReachedMachine, reachedMachine } from '../sources/source.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { knownHostsFiles } from '../ssh/config/users-files.js';
import { filedVerdict } from '../ssh/known-hosts.js';
import { isSshPort } from '../typed/numbers.js';
import { shellOf, shellQuoted } from '../typed/shell.js';
import type { ActFacts, LookFacts, Setup, SetupStep } from './step.js';

/** Whether the name that was typed is the user's already: in known_hosts, maybe from the machine's own time on a network, or in a Host of his. */
export async function lookAtName({ claim, name, machine, target, options, io, add }: Setup): Promise<void> {
  if (claim === undefined || machine === undefined) return;
  if (claim === inKnownHosts && (await hasKnownKey(name, reachedMachine(machine), io)))
    return add('name', 'ok', `${claim}, with the key that its manager reads`);
  if (options.takeName) return add('name', 'changed', `${claim}: from now on it means ${target}`);
  add('name', 'failed', claim, `vmssh setup --take-name ${shellQuoted(name, shellOf(io))}`);
}

async function hasKnownKey(name: string, machine: ReachedMachine, { env, platform }: Here): Promise<boolean> {
  const prints = await managerPrints({ text: machine.target, machine }, { env, platform }, '');
  const files = await knownHostsFiles([], { env, platform });
  const bytes = await Promise.all(files.map((path) => readBytes(path).catch(() => Buffer.alloc(0))));
  return bytes.some((file) => prints.some((print) => filedVerdict(print, name, file) === 'known'));
}

/** The Host of the machine, with the login. It is written before the pin, so that an undo knows of that. */
export const config: SetupStep = {
  async look(setup, { login }) {
    if (setup.options.noConfig) return setup.add('config', 'skipped', 'the lines are printed');
    return { host: await writeHost(login, 'plan', setup) };
  },

  async act(setup, { login, pins }, { bySudo }) {
    if (setup.options.noConfig) return undefined;
    const more = { ...(bySudo && { bySudo }), ...(pins && { pinned: true as const }) };
    return { host: await writeHost({ ...login, ...more }, 'do', setup) };
  },

  async undo({ machine, gone, io, add }, _, what) {
    const of = gone ?? machine;
    const login = gone?.login ?? (await keptLogin(machine, io));
    if (!of || login === undefined) return add('config', 'ok', 'no Host has a user or a key from setup');
    const lost = login.brings ? 'brings no sshd' : `has no User ${login.user}`;
    const says = login.failed ? 'nothing is kept of it any more' : `its Host ${lost} any more`;
    if (what === 'plan' || (await takeBack(of, io))) return add('config', 'changed', says);
    return add('config', 'failed', 'the lines for ssh were not all written', 'vmssh config install');
  },
};

/** The run has failed: its Host is as it was before. What else is kept is for an undo. */
export async function leaveHost(
  setup: Setup,
  { login, earlier }: LookFacts,
  { host }: ActFacts,
  less: Partial<MachineLogin> = {},
): Promise<void> {
  if (host === undefined) return;
  const { machine, io, add } = setup;
  const { user, identityFile, brings } = earlier ?? {};
  const before = earlier ? { user, identityFile, brings } : { failed: true as const };
  const kept = (await keptLogin(machine, io)) ?? login;
  await writeHost({ ...kept, ...less, ...before }, 'do', { ...setup, add: () => undefined });
  add('config', 'changed', `Host ${host} is as it was before`);
}

/** By `config install`. Resolves to its name. */
async function writeHost(login: MachineLogin, what: 'plan' | 'do', { machine, io, add }: Setup) {
  if (machine === undefined) return undefined;
  const quiet = silent(io);
  const find = once(findMachines);
  const change = (records: readonly MachineRecord[]) => withLogin(records, machine, login);
  const make = () => planInstall(asLastTime, quiet, find, undefined, change);
  const { code, plan } =
    what === 'do' ? await carryOut(make, quiet) : { code: exitCode.ok, plan: await make() };
  const { refusal, decision, changes, files } = plan;
  const host = decision?.state.machines.find(({ target }) => target === machine.target)?.host;
  const left = decision?.left.find(({ target }) => target === machine.target);
  const none = `config install makes no Host for it: ${left?.why ?? 'none is wanted, or nothing lists it now'}`;
  const printed = `vmssh setup --no-config ${shellQuoted(machine.target, shellOf(io))}`;
  if (refusal) add('config', 'failed', `${refusal.path}: ${refusal.why}`, refusal.hint);
  else if (code !== exitCode.ok)
    add('config', 'failed', 'the lines for ssh were not all written', 'vmssh config install');
  else if (host === undefined) add('config', 'failed', none, printed);
  else {
    const key = login.identityFile === undefined ? '' : `, IdentityFile ${login.identityFile}`;
    const what = login.brings ? 'each login brings an sshd' : `User ${login.user}${key}`;
    const where = changes.flatMap(({ path }) => (path === files.state ? [] : [path])).join(', ');
    const says = `Host ${host}: ${what}${where && `; in ${where}`}`;
    add('config', changes.length === 0 ? 'ok' : 'changed', says);
  }
  return host;
}

/** Whether the lines for ssh could be written without the login: none at all, if setup wrote the first and nothing was set since. */
async function takeBack(machine: HostMachine, io: Io): Promise<boolean> {
  const quiet = silent(io);
  const find = once(findMachines);
  const change = (records: readonly MachineRecord[]) => withoutLogin(records, machine);
  const { code, plan } = await carryOut(async () => {
    const { machines, options } = (await writtenState(io)) ?? noState;
    const made = machines.flatMap(({ login }) => login ?? []);
    const isLast = made.length === 1 && made[0]?.first === true;
    if (isLast && isUnset(settings, options)) return planUninstall(asLastTime, quiet);
    return planInstall(asLastTime, quiet, find, undefined, change);
  }, quiet);
  return code === exitCode.ok && plan.refusal === undefined;
}

interface Afterwards {
  readonly host: string;
  readonly target: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly keys: readonly (readonly [string, string])[];
  /** The name of the Host; undefined: made of HOST. */
  readonly name?: string;
}

/** What to type from now on: a Host with HOST's own login, or with the keys that were made for the machine. */
export async function afterwards(
  { host, target, port, user, keys: own, name = hostName(splitUser(host).host) }: Afterwards,
  io: Io,
): Promise<string> {
  const means = await lookUp(target, io).catch(() => ({ target: parseTarget(target) }));
  const made = guestKeysFor({ ...means, typed: splitUser(host).host }, io.env);
  const alias = hostKeyAlias(means);
  // The lines of a key that was made are strict by themselves; that of an address is kept under the name of its Host.
  const asksForKeys = !made && alias !== undefined && (await everySshAbilities(io)).asksForKeys;
  const trust = made ? trustIn(made) : { knownHosts: knownHostsOf(io), hostKeyAlias: alias, asksForKeys };
  const { program } = await callerForSsh(io);
  const keys = made?.identityFile === undefined ? own : [];
  const lines = hostLines({ name, target, port, user, program, platform: io.platform, keys, ...trust });
  const onWindows = kindOf(means.target).from.startsWith('windows');
  const registration =
    onWindows && !isSshPort(port)
      ? `\nWindows may want port ${port} registered once, in an elevated terminal:\n${pasteable(`vmssh service register ${port}`, io)}\n`
      : '';
  return `For ~/.ssh/config, to type ssh ${name} from now on:\n\n${lines}${registration}`;
}
