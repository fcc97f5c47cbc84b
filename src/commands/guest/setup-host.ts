import { spawn } from 'node:child_process';
import { hostKeyAlias } from '../../book/identity.js';
import { keptAmong, keptLogin, keptLogins, type MachineLogin } from '../../book/logins.js';
import { inKnownHosts } from '../../book/names.js';
import { printOfLine } from '../../checks/own-keys.js';
import { type LoginWords, trySsh } from '../../checks/users-ssh.js';
import { judgeLogin, type LoginVerdict } from '../../checks/verdict.js';
import { ConnectError, exitCode } from '../../errors.js';
import { editFile } from '../../files/edit-file.js';
import { readBytes } from '../../files/read-file.js';
import { guestCaller, guestLogin } from '../../guest/run/route.js';
import { settings } from '../../hosts/options.js';
import { configFiles } from '../../hosts/places.js';
import { planInstall, planUninstall } from '../../hosts/plan.js';
import { silent } from '../../hosts/refresh.js';
import { isUnset } from '../../hosts/setting.js';
import { carryOut, once } from '../../hosts/write.js';
import { pinsOf } from '../../keys/decide.js';
import { forgetKeys } from '../../keys/forget-keys.js';
import { keyOwner } from '../../keys/key-owner.js';
import { machineKeys } from '../../keys/machine-keys.js';
import { managerKeys, managerPrints } from '../../keys/manager-keys.js';
import { pinPrint } from '../../keys/pins.js';
import { reachedMachine } from '../../keys/record.js';
import { findMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';
import { ownConnection, sshCommand, typedSsh } from '../../process/ssh-program.js';
import { ended, keptSshEndsWithUs } from '../../process/terminate.js';
import type { Here } from '../../runtime.js';
import type { ReachedMachine } from '../../sources/source.js';
import { knownHostsFiles } from '../../ssh/config/users-files.js';
import { configArgument } from '../../ssh/config/word.js';
import { knownHostsFile, otherHome } from '../../ssh/folder.js';
import { filedVerdict } from '../../ssh/known-hosts.js';
import { slug, typedHost } from '../../typed/names.js';
import { sshPort } from '../../typed/numbers.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';
import { isChanged } from './setup-inside.js';
import type { Setup, SetupFacts, SetupStep } from './setup-step.js';
import { asFailure } from './setup-way.js';

/** Whether the name that was typed is the user's already: in known_hosts, maybe from the machine's own time on a network, or in a Host of his. */
export const naming: SetupStep = {
  name: 'name',
  async look({ claim, name, machine, target, options, io, add }) {
    if (claim === undefined || machine === undefined) return undefined;
    if (claim === inKnownHosts && (await hasKnownKey(name, reachedMachine(machine), io)))
      return add('name', 'ok', `${claim}, with the key that its manager reads`);
    if (options.takeName) return add('name', 'changed', `${claim}: from now on it means ${target}`);
    return add('name', 'failed', claim, `vmssh setup --take-name ${shellQuoted(name, shellOf(io))}`);
  },
};

async function hasKnownKey(name: string, machine: ReachedMachine, { env, platform }: Here): Promise<boolean> {
  const prints = await managerPrints({ text: machine.target, machine }, { env, platform }, '');
  const files = await knownHostsFiles([], { env, platform });
  const bytes = await Promise.all(files.map((path) => readBytes(path).catch(() => Buffer.alloc(0))));
  return bytes.some((file) => prints.some((print) => filedVerdict(print, name, file) === 'known'));
}

export const knownKey: SetupStep = {
  name: 'host-key',
  async look({ name, target, machine, typed, io: { env, platform }, signal, add }, found) {
    const { login, contact, into, said = [] } = found;
    if (contact) return { pins: true };
    if (login?.brings) return add('host-key', 'ok', 'it is new for each login, and no other is accepted');
    if (machine === undefined) return undefined;
    const record = reachedMachine(machine);
    // A package makes the host keys, or we do.
    const makesKey = isChanged(said, 'host-keys') || isChanged(said, 'sshd');
    const owner = await keyOwner({ text: target, machine: record }, { typed: name }, env);
    const [known] = pinsOf(await machineKeys(owner, env));
    const another = known && `it has none, and another is known: ${pinPrint(known)}`;
    if (another && makesKey) return add('host-key', 'failed', another, `vmssh forget ${typed}`);
    if (known) return add('host-key', 'ok', `${known.type} ${pinPrint(known)} is known`);
    if (makesKey || into?.asks !== undefined || (await managerKeys(record, { env, platform, signal }))) {
      add('host-key', 'changed', 'its manager reads it in the machine, and it is pinned');
      return { pins: true };
    }
    return add('host-key', 'skipped', 'its manager reads none: ssh decides at the first login, and asks you');
  },

  /** Also of a Host that is gone: the machine does not have a key that setup made any more. */
  async undo({ named, gone, io, add }, { login, said = [] }, what) {
    const alias = hostKeyAlias({ ...named, machine: named.machine ?? gone });
    const isOurs = login?.pinned || said.some(({ name }) => name === 'host-keys');
    if (!isOurs || alias === undefined) return undefined;
    const path = knownHostsFile(io.env);
    const { removed } = what === 'do' ? await forgetKeys(path, [alias]) : { removed: 1 };
    // The file is ours.
    if (what === 'do') await editFile(path, (old) => (old?.length === 0 ? undefined : old), 0o600);
    if (removed === 0) return add('host-key', 'ok', 'it is gone already');
    return add('host-key', 'changed', 'it is forgotten');
  },
};

/** The Host of the machine, with the login. It is written before the pin, so that an undo knows of that. */
export const config: SetupStep = {
  name: 'config',
  async look(setup, { login }) {
    if (setup.options.noConfig) return setup.add('config', 'skipped', 'the lines are printed');
    return login && { host: await writeHost(login, 'plan', setup) };
  },

  async act(setup, { login, pins }) {
    if (setup.options.noConfig || !login) return undefined;
    return { host: await writeHost(pins ? { ...login, pinned: true } : login, 'do', setup) };
  },

  async undo({ machine, gone, io, add }, _, what) {
    const login = gone ?? (await keptLogin(machine, io));
    if (login === undefined) return add('config', 'ok', 'no Host has a user or a key from setup');
    const lost = login.brings ? 'brings no sshd' : `has no User ${login.user}`;
    const says = login.failed ? 'nothing is kept of it any more' : `its Host ${lost} any more`;
    if (what === 'plan' || (await withoutLogin(login, io))) return add('config', 'changed', says);
    return add('config', 'failed', 'the lines for ssh were not all written', 'vmssh config install');
  },
};

/** The key that its server has shown, "ssh-ed25519 SHA256:…", if its manager or a script has read the same one there, or `contact` is it. */
export const pin: SetupStep = {
  name: 'host-key',
  async act(setup, found) {
    const { pins } = found;
    if (!pins) return undefined;
    await pinShown(setup, found);
    // Then a key that is pinned later is not setup's.
    if (setup.isFailed()) await leaveHost(setup, found, { pinned: undefined });
    return undefined;
  },
};

/** The run has failed: its Host is as it was before. What else is kept is for an undo. */
async function leaveHost(
  setup: Setup,
  { host, login, earlier }: SetupFacts,
  less: Partial<MachineLogin> = {},
): Promise<void> {
  if (host === undefined || !login) return;
  const { machine, io, add } = setup;
  const { user, identityFile, brings } = earlier ?? login;
  const before = earlier && !earlier.failed ? { user, identityFile, brings } : { failed: true as const };
  const kept = (await keptLogin(machine, io)) ?? login;
  await writeHost({ ...kept, ...less, ...before }, 'do', { ...setup, add: () => undefined });
  add('config', 'changed', `Host ${host} is as it was before`);
}

async function pinShown(
  { name, named, machine, io: { env, platform }, signal, add }: Setup,
  { shown = '', contact, hostKeys }: SetupFacts,
): Promise<void> {
  const record = machine && reachedMachine(machine);
  const print = shown.split(' ')[1] ?? '';
  const keys = contact
    ? [contact]
    : (hostKeys ?? (record && (await managerKeys(record, { env, platform, signal }, print))) ?? []);
  const key = keys.find((each) => printOfLine(each) === print);
  const isOther = `its server shows ${shown}, which its manager does not find in the machine`;
  if (key === undefined) return add('host-key', 'failed', isOther);
  const isSeen = contact !== undefined || hostKeys !== undefined;
  const vouched = contact ? 'you' : isSeen ? 'manager' : undefined;
  const blob = Buffer.from(key.split(' ')[1] ?? '', 'base64');
  const reached = { text: named.text, machine: record };
  const { judgeHostKey } = await import('../../keys/settle-key.js');
  const end = await judgeHostKey(blob, { reached, typed: name, env, platform, vouched }).catch(asFailure);
  const refusal = end instanceof ConnectError ? end : end.refusal;
  if (refusal) return add('host-key', 'failed', refusal.problem, refusal.hint);
  const by = contact ? 'the connection showed it' : 'its manager reads it in the machine';
  add('host-key', 'changed', `${shown} is pinned, as ${by}`);
}

export const login: SetupStep = {
  name: 'login',
  async act(setup, found) {
    const { name, target, machine, options, io, add } = setup;
    const { login: { user, identityFile, brings } = {}, host, key, certificate, shown } = found;
    const words = host ?? `${user}@${target}`;
    const again = brings ? `ssh -v ${words}` : `vmssh check ${shellQuoted(`${user}@${target}`, shellOf(io))}`;
    const own = key ? `${key.from} (${printOfLine(key.line)})` : (certificate ?? identityFile);
    const by = brings ? 'an sshd that was brought' : own;
    const who = user ?? "the machine's own user";
    const isAlone = key?.asks && !(io.terminal.stdin && io.terminal.stderr);
    const end = isAlone ? undefined : await tryOnce(setup, found);
    if (end === undefined)
      add('login', 'skipped', `not tried: your key ${own} has a passphrase, for which ssh ${words} asks`);
    else if (end.state === 'skipped') add('login', 'skipped', `ssh ${words}: ${end.message}`);
    else if (end.state === 'ok')
      add('login', 'ok', `ssh ${words} is ${who}, by ${by}${shown ? `; its host key is ${shown}` : ''}`);
    else {
      const [, said = end.message, hint] = /^vmssh: (cannot .*)(?:\nhint: (.*))?/m.exec(end.stderr) ?? [];
      const fewer = (/too many authentication/i.test(said) && end.fix) || again;
      const isAsked = /Host key verification failed|host key is known/.test(said);
      const fix = isAsked ? `log in once, so that ssh asks you about its host key: ssh ${words}` : fewer;
      add('login', 'failed', `ssh ${words}: ${said}`, hint ?? fix);
      if (isRefused(end)) await leaveHost(setup, found);
    }
    if (!options.noConfig) return undefined;
    const keys = identityFile === undefined ? [] : [['IdentityFile', configArgument(identityFile)] as const];
    const forHost = { host: name, name: slug(machine?.name ?? name), target, port: sshPort, user, keys };
    const { afterwards } = await import('./install.js');
    return { lines: await afterwards(forHost, io) };
  },
};

type Tried = Pick<LoginVerdict, 'state' | 'message' | 'fix' | 'reach' | 'isOwn'> & {
  readonly stderr: string;
};

/** Whether another try, or a setting of this host, would not help. */
function isRefused({ reach, isOwn, message }: Tried): boolean {
  const isGuests = reach === 'authentication' || reach === 'session';
  return isGuests && !isOwn && !/too many authentication/i.test(message);
}

async function tryOnce(setup: Setup, found: SetupFacts): Promise<Tried> {
  const { io, signal, name } = setup;
  const { env } = io;
  const { words, sshConfig, ssh } = await loginWords(setup, found);
  if (!found.key?.asks) {
    const own = { ...io, usersShell: {} };
    const host = found.host ?? typedHost(name) ?? 'machine';
    const tried = await trySsh({ host, sshConfig, ssh, words }, own, signal);
    return { ...(await judgeLogin(tried, io.env.HOME)), stderr: tried.end.stderr };
  }
  const noPassword = ['PasswordAuthentication=no', 'KbdInteractiveAuthentication=no'];
  const settings = [...noPassword, ownConnection, 'RemoteCommand=none'];
  // In our process group ssh may ask at the terminal.
  const [program = '', ...args] = words({ ssh, settings, command: 'true' });
  const { child, release } = keptSshEndsWithUs(() =>
    spawn(program, args, { env, stdio: ['inherit', 'ignore', 'inherit'] }),
  );
  const { code } = await ended(child).finally(release);
  return { state: code === 0 ? 'ok' : 'failed', stderr: '', message: `ssh ended with ${code ?? 'a signal'}` };
}

async function loginWords({ target, io }: Setup, { host, login }: SetupFacts) {
  const { user, identityFile } = login ?? {};
  if (host === undefined) {
    const into = { route: 'target', host: `${user}@${target}` } as const;
    const options = { ...into, identityFile, ...(await guestCaller(io, into)) };
    const words = (more: LoginWords) => guestLogin(options, more);
    return { sshConfig: undefined, ssh: options.ssh, words };
  }
  // ssh does not read HOME.
  const { main } = configFiles({ system: false }, io);
  const sshConfig = otherHome(io.env, io.platform) === undefined ? undefined : main;
  const words = (more: LoginWords) => sshCommand({ configFile: sshConfig, host, ...more });
  return { sshConfig, ssh: typedSsh, words };
}

/** By `config install`. Resolves to its name. */
async function writeHost(login: MachineLogin, what: 'plan' | 'do', { io, add }: Setup) {
  const quiet = silent(io);
  const find = once(findMachines);
  const make = async () => {
    const kept = await keptLogins(io);
    const own = keptAmong(kept, login);
    // In its place: the next plan of a machine that is set up has nothing to change.
    const all = own ? kept.logins.map((each) => (each === own ? login : each)) : [...kept.logins, login];
    return planInstall({ system: false, logins: all }, quiet, find);
  };
  const { code, plan } =
    what === 'do' ? await carryOut(make, quiet) : { code: exitCode.ok, plan: await make() };
  const { refusal, decision, changes, files } = plan;
  const host = decision?.state.machines.find((each) => each.target === login.target)?.host;
  const left = decision?.left.find(({ target }) => target === login.target);
  const none = `config install makes no Host for it: ${left?.why ?? 'none is wanted, or nothing lists it now'}`;
  const printed = `vmssh setup --no-config ${shellQuoted(login.target, shellOf(io))}`;
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
async function withoutLogin(login: MachineLogin, io: Io): Promise<boolean> {
  const quiet = silent(io);
  const find = once(findMachines);
  const { code, plan } = await carryOut(async () => {
    const kept = await keptLogins(io);
    const { logins, options } = kept;
    const own = keptAmong(kept, login);
    const [next, ...others] = logins.filter((each) => each !== own);
    if (login.first && next === undefined && isUnset(settings, { ...options, logins: [] }))
      return planUninstall({ system: false }, quiet);
    const left = next && login.first ? { ...next, first: true as const } : next;
    return planInstall({ system: false, logins: left ? [left, ...others] : [] }, quiet, find);
  }, quiet);
  return code === exitCode.ok && plan.refusal === undefined;
}
