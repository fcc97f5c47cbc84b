import { isAccountName } from '../../cli/guest.js';
import { ConnectError, quote } from '../../errors.js';
import type { HostFlags } from '../../guest/run/route.js';
import { accountScript, setupScript } from '../../guest/script.js';
import { callerOfLines } from '../../hosts/decide.js';
import { pinsOf } from '../../identity/decide.js';
import { managerKeys } from '../../identity/manager-keys.js';
import { pinPrint } from '../../identity/pins.js';
import { reachedMachine } from '../../identity/record.js';
import { asTarget } from '../../kinds/kinds.js';
import { lookUp } from '../../lookup/login.js';
import type { Io } from '../../process/io.js';
import { lacksSshd } from '../../reach/all-failed.js';
import { formatEndpoint } from '../../route.js';
import type { ReachedMachine } from '../../sources/source.js';
import { whyNoBring } from '../../ssh/config/host-options.js';
import { keptLogins, loginOf, type MachineLogin } from '../../ssh/config/logins.js';
import { inKnownHosts, mayBeGiven } from '../../ssh/config/names.js';
import { ownKeyFile } from '../../ssh/login-key.js';
import { machineKeys } from '../../ssh/machine-keys.js';
import { usersNames } from '../../ssh/taken-names.js';
import { sshPort } from '../../target/numbers.js';
import { shellOf, shellQuoted } from '../../target/shell.js';
import type { SetupOptions } from './options.js';
import { type MissingDevice, planDevice } from './setup-device.js';
import { firstOwnKey, hasKnownKey, keyIn, onConsole, printOfLine } from './setup-keys.js';
import type { SetupSteps, ShowStep } from './setup-step.js';
import { checkUntil, collector, configStep, howToStart, intoByManager, of, runInside } from './setup-step.js';

export interface SetupPlan extends SetupSteps {
  readonly work?: Work;
  readonly missing?: MissingDevice | undefined;
  /** Nobody goes in: what is wrong, and what to type on its console once it has the device. */
  readonly byHand?: readonly [found: string, fix: string];
}

export interface Work {
  readonly into: HostFlags;
  readonly machine: ReachedMachine;
  readonly login: MachineLogin;
  /** For the machine. */
  readonly scripts: readonly string[];
  /** What the login is by, for messages. */
  readonly by: string;
}

/** Looks what has to be done, and changes nothing. Throws a ConnectError if the machine is not found or nobody can go into it. */
export async function planSetup(
  name: string,
  options: SetupOptions,
  io: Io,
  signal: AbortSignal,
  show: ShowStep,
  look = checkUntil,
): Promise<SetupPlan> {
  const claim = asTarget(name) ? undefined : (await usersNames(io))(name);
  // Who types the name here says which machine is meant, and is asked.
  const names = claim !== undefined && mayBeGiven(claim) ? async () => () => undefined : undefined;
  const named = await lookUp(name, { ...io, names }, signal);
  const { text: target, machine } = named;
  const { steps, add, isFailed } = collector(show);
  if (claim !== undefined) {
    const isSame =
      claim === inKnownHosts && machine && (await hasKnownKey(name, reachedMachine(machine), io));
    const found = isSame
      ? `${claim}, with the key that its manager reads`
      : `${claim}: from now on it means ${target}`;
    const wanted = isSame || options.takeName;
    if (wanted) add('name', isSame ? 'ok' : 'changed', found);
    else add('name', 'failed', claim, `vmssh setup --take-name ${shellQuoted(name, shellOf(io))}`);
  }
  const into = await intoByManager(named, io, signal).catch(asFailure);
  if (machine === undefined) throw into;
  const typed = shellQuoted(target, shellOf(io));
  const record = reachedMachine(machine);
  const isManagers = options.key === undefined && [undefined, machine.user].includes(options.user);
  const made = isManagers ? await ownKeyFile(machine.identityFile) : undefined;
  const choose = () => (options.key === undefined ? firstOwnKey(name, io, signal) : keyIn(options.key));
  const key = made === undefined ? await choose() : undefined;
  const { restart, install } = options;
  const { env, platform } = io;
  const start = await howToStart(named, io, signal);
  const how = { restart, typed, start };
  const missing = into instanceof ConnectError ? undefined : await planDevice(record, how, io, signal, add);
  const plan = { name, target, steps, missing };
  if (isFailed()) return plan;
  const failed = (step: string, found: string, fix?: string) => {
    add(step, 'failed', found, fix);
    return plan;
  };
  const noEntry = ({ code, problem, hint = '' }: ConnectError): SetupPlan => {
    const hasConsole =
      ['libvirt', 'hyper-v', 'qemu'].includes(machine.provider) && machine.authority !== 'other';
    const hasSocket = machine.provider !== 'qemu' || machine.cid !== undefined;
    const line = code === 'NO_EXEC' && hasConsole && key && onConsole(key.line, hasSocket, options.user);
    if (!line) return failed('inside', problem, hint);
    const byHand = [`${problem}; ${hint}`, line] as const;
    if (!missing) return failed('inside', ...byHand);
    add('inside', 'skipped', `${problem}: the rest is one line to type on its console`);
    return { ...plan, byHand };
  };
  if (into instanceof ConnectError) return noEntry(into);
  const off = start && `it is ${machine.status}`;
  if (off && !missing) return failed('way', off, start);
  if (off) add('way', 'skipped', `${off}: start it then, and run this again`);
  if (off) return plan;
  const check = missing ? undefined : await look('banner', target, 'root', io, signal);
  const { error, means: { endpoint, steps: way = [] } = {}, stages = [] } = check ?? {};
  if (endpoint) add('way', 'ok', [...way, formatEndpoint(endpoint)].slice(-2).join(' → '));
  else if (!missing) return failed('way', error?.problem ?? 'none is known', error?.hint);
  const { logins, listed, isFirst } = await keptLogins(io);
  const earlier = loginOf(machine, logins, listed);
  const account = options.user ?? earlier?.user ?? machine.user;
  const first = isFirst || earlier?.first;
  const takes = claim === undefined ? earlier?.takes : name;
  const kept = { target: machine.target, uuid: machine.uuid, takes, pinned: earlier?.pinned, first } as const;
  const hasNone = lacksSshd(error);
  if (hasNone && (options.bring || (earlier?.brings && !install && !options.noConfig))) {
    const whyNot = whyNoBring(await callerOfLines(io, true));
    if (whyNot) return failed('sshd', ...whyNot);
    const login = { ...kept, user: account, brings: true } as const;
    add('account', 'ok', account ?? "the machine's own user");
    add('sshd', 'ok', 'there is none: each login brings one, which asks for no key');
    add('host-key', 'ok', 'it is new for each login, and no other is accepted');
    const host = await configStep(login, 'plan', io, add);
    const work = { into, machine: record, login, scripts: [], by: 'an sshd that was brought' };
    return { ...plan, user: account, work, host };
  }
  if (made === undefined && key === undefined)
    return failed('key', 'you have no public key that ssh would try', 'ssh-keygen -t ed25519');
  const wanted = { account, keys: key ? [key.line] : [] };
  const script = accountScript({ ...wanted, look: true, install });
  const looked = await runInside(into, script, io, signal).catch(asFailure);
  if (looked instanceof ConnectError) return noEntry(looked);
  add('inside', 'ok', `as root, by ${into.run ? 'its guest agent' : into.exec?.[0]}`);
  const isSocket = endpoint !== undefined && ['vsock', 'unix', 'vsock-mux'].includes(endpoint.family);
  const changes = (name: string) => looked.some((step) => step.name === name && step.state === 'changed');
  // A socket that takes connections has its units: without a host key its sshd ends.
  const lacksKey = changes('host-keys') && stages.some(({ stage }) => stage === 'connected');
  const needsUnits = missing !== undefined || (error !== undefined && isSocket && !lacksKey);
  // A package makes the host keys, or we do.
  const makesKey = changes('host-keys') || changes('sshd');
  const user = looked.find((step) => step.name === 'account')?.found ?? '';
  const found =
    user === 'root' ? 'as it has no ordinary account' : 'its first account with a uid from 1000 on';
  const known = earlier?.user ? 'as before' : `which ${machine.provider} made`;
  const whose = options.user === undefined ? `, ${account === undefined ? found : known}` : '';
  for (const step of looked) {
    const isMissing = step.name === 'sshd' && step.state === 'failed' && !install;
    const orBring = hasNone ? `, or without its network: vmssh setup --bring-sshd ${typed}` : '';
    if (isMissing) add('sshd', 'failed', step.found, `vmssh setup --install-sshd ${typed}${orBring}`);
    else if (step.name === 'account' && step.state === 'ok') add('account', 'ok', `${user}${whose}`);
    else if (step.name !== 'sshd' || step.state !== 'ok') add(...of(step));
  }
  if (isFailed()) return plan;
  if (needsUnits)
    add('sshd', 'changed', 'nothing answers there: it is set up as vmssh guest install does it');
  else if (!error) add('sshd', 'ok', stages.at(-1)?.found ?? 'it answers');
  else if (changes('host-keys')) add('sshd', 'ok', 'it only lacks the host key');
  else if (!changes('sshd')) add('sshd', 'failed', error.problem, error.hint);
  const strange = `it says that this is an account: ${quote(user)}`;
  if (!isAccountName(user)) return failed('account', strange, `vmssh setup --user NAME ${typed}`);
  const identityFile = made ?? key?.identityFile;
  const login: MachineLogin = { ...kept, user, identityFile };
  const needsAccount = looked.some(({ state }) => state === 'changed');
  const scripts = [
    ...(needsAccount ? [accountScript({ ...wanted, account: user, look: false, install })] : []),
    ...(needsUnits ? [setupScript({ port: sshPort, plugged: missing !== undefined })] : []),
  ];
  const by = key ? `${key.from} (${printOfLine(key.line)})` : (identityFile ?? '');
  const work = { into, machine: record, login, scripts, by };
  const [pin] = pinsOf(await machineKeys({ text: target, machine: record }, { typed: name }, env));
  if (pin && makesKey)
    return failed('host-key', `it has none, and another is known: ${pinPrint(pin)}`, `vmssh forget ${typed}`);
  if (pin) add('host-key', 'ok', `${pin.type} ${pinPrint(pin)} is known`);
  else if (makesKey || (await managerKeys(record, { env, platform, signal })) !== undefined)
    add('host-key', 'changed', 'its manager reads it in the machine, and it is pinned');
  else add('host-key', 'skipped', 'its manager reads none: the first login is decided by your policy');
  if (options.noConfig) add('config', 'skipped', 'the lines are printed');
  const alias = options.noConfig ? undefined : await configStep(login, 'plan', io, add);
  return { ...plan, user, work, host: alias };
}

/** Anything else is thrown. */
function asFailure(error: unknown): ConnectError {
  if (error instanceof ConnectError && error.code !== 'INTERRUPTED') return error;
  throw error;
}
