import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError, printable, quote } from '../base/errors.js';
import { hasTerminal } from '../base/runtime.js';
import { askAgent, unsignedFix } from '../checks/agent.js';
import { unconfirmed } from '../checks/host-key.js';
import { printOfLine } from '../checks/own-keys.js';
import { isAccountName } from '../cli/guest.js';
import type { Entry, TargetEntry } from '../entry/entry.js';
import { sudoAsks, whyNotRun } from '../entry/run.js';
import { runScript, type ScriptEnd } from '../entry/run-script.js';
import { sshInto } from '../entry/ssh-words.js';
import { inAskedFolder } from '../files/asked-folder.js';
import { readText } from '../files/read-file.js';
import type { Finding } from '../guest/report.js';
import { accountScript } from '../guest/script.js';
import { sshSettings } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { loginTimeoutMs } from '../process/ssh-log.js';
import { asksNothing, ownConnection, settingIn } from '../process/ssh-program.js';
import { stateFolder } from '../ssh/folder.js';
import { handshake } from '../ssh/handshake.js';
import { fitsSocket, hostNameOf, typedHost } from '../typed/names.js';
import { sshPort } from '../typed/numbers.js';
import { formatEndpoint } from '../typed/route.js';
import {
  asFailure,
  authorizedLines,
  checkUntil,
  type InsideOptions,
  type InsidePlan,
  type LookFacts,
  runInside,
  type Setup,
} from './step.js';

/** Looks by a login of the account. */
export async function lookByLogin(setup: Setup, plan: LookFacts): Promise<InsidePlan | undefined> {
  const { asUser = '' } = plan;
  const strange = `ssh names no account: ${quote(asUser)}`;
  if (!isAccountName(asUser))
    return setup.add('account', 'failed', strange, `vmssh setup --user NAME ${setup.typed}`);
  const host = typedHost(setup.name) ?? 'machine';
  const settings = await sshSettings({ host, signal: setup.signal }, setup.io);
  const { problem, fix, isSilent } = await askAgent(settingIn(settings, 'identityagent'), setup.io.env);
  if (isSilent) return setup.add('inside', 'failed', `${problem}, and ssh would wait for it`, fix);
  const { isNew, contact } = await firstContact(setup, asUser);
  if (setup.isFailed()) return undefined;
  const met = { ...plan, inside: { contact, scripts: [] } };
  const said = await planLogin(setup, met, isNew ?? false);
  if (setup.isFailed()) return undefined;
  return { contact, said, scripts: said ? [] : [scriptFor(setup, met, false)] };
}

/** The host key that the connection shows, if nobody here knows it. `contact`: as the user says that it is; else ssh decides, and asks him. */
async function firstContact(setup: Setup, user: string): Promise<{ contact?: string; isNew?: boolean }> {
  const { options, add } = setup;
  const { error, stages } = await checkUntil('authentication', user, setup);
  if (error) add('host-key', 'failed', error.problem, error.hint);
  if (error) return {};
  const { hostKey } = options;
  const text = stages.find(({ stage }) => stage === 'host key')?.found ?? '';
  const [type, print] = text.split(' ');
  const shows = `the connection shows ${type} ${print}`;
  if (hostKey !== undefined && hostKey !== print)
    add('host-key', 'failed', `${shows}, not ${hostKey}`, lookThere);
  const isNew = text.includes(unconfirmed);
  if (setup.isFailed() || !isNew) return {};
  if (hostKey !== undefined) {
    const shown = await shownKey(user, setup).catch(asFailure);
    if (!(shown instanceof ConnectError)) {
      add('host-key', 'changed', `${shows}, as you say: no other is accepted, and it is pinned`);
      return { contact: shown };
    }
    add('host-key', 'failed', shown.problem, shown.hint);
    return {};
  }
  add('host-key', 'ok', `${shows}, and nobody here can confirm it: ssh decides; ${byConsole(setup)}`);
  return { isNew };
}

/** Says why a login did not come about. What ssh refuses of a host key, the user can confirm himself. */
export function loginFailed(setup: Setup, { problem, hint }: ConnectError): undefined {
  const isKey = problem.includes('Host key verification failed');
  if (isKey) return setup.add('host-key', 'failed', problem, byConsole(setup));
  return setup.add('inside', 'failed', problem, hint);
}

function byConsole({ options: { user }, typed }: Setup): string {
  const own = user === undefined ? '' : `--user ${user} `;
  return `${lookThere}; then: vmssh setup ${own}--host-key SHA256:... ${typed}`;
}

const lookThere = 'on its console, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows what it has';

/** Asks again, as only its fingerprint was said. Throws a ConnectError. */
async function shownKey(user: string, { name, target, io, signal }: Setup): Promise<string> {
  const { self, platform, env } = io;
  return inAskedFolder(stateFolder(env, platform), async (folder) => {
    const keepIn = join(folder, 'known_hosts');
    const host = typedHost(name);
    const shake = { target, host, port: sshPort, user, timeoutMs: loginTimeoutMs, signal, keepIn };
    const { hostKey } = await handshake({ ...shake, self, platform, env });
    const line = (await readText(keepIn)).trim().split(' ').slice(1).join(' ');
    if (printOfLine(line) === hostKey.fingerprint) return line;
    throw new ConnectError('handshake', target, { code: 'NOT_RUN', problem: 'ssh showed no host key' });
  });
}

/** What the script says that only looks; undefined: ssh would have to ask. */
async function planLogin(setup: Setup, plan: LookFacts, isNew: boolean) {
  const { options, target, io, add } = setup;
  const { asUser = '', key, answer, entry, inside: { contact } = {} } = plan;
  const asks = canAsk(io);
  // A login shows who you are: to a key that nobody vouches for only if there is no other way.
  const isTried = !asks || !(contact || isNew);
  const said = isTried
    ? await runByLogin(setup, entry, scriptFor(setup, plan, true), { contact, asks: false }).catch(asFailure)
    : [];
  const endpoint = answer?.means?.endpoint;
  const by = `by a login over ${endpoint ? formatEndpoint(endpoint) : target}, with the rights of ${asUser}`;
  if (isTried && !(said instanceof ConnectError)) {
    add('inside', 'ok', by);
    if (asksSudo(said) && !isOnTerminal(io)) return add('sudo', 'failed', ...noTerminal);
    return said;
  }
  const problem = said instanceof ConnectError ? said.problem : '';
  if (said instanceof ConnectError && !problem.includes('Permission denied')) return loginFailed(setup, said);
  const never =
    'ssh cannot ask for a password here, without a terminal and an SSH_ASKPASS that it would start';
  if (!asks)
    return add('inside', 'failed', `${never}; ${problem}`, unsignedFix(problem) ?? 'run it in a terminal');
  if (needsSudo(setup, plan) && !isOnTerminal(io)) return add('sudo', 'failed', ...noTerminal);
  const isChosen = options.user !== undefined || setup.machine?.user !== undefined;
  add('account', 'ok', isChosen ? asUser : `${asUser}, as ssh logs in there: --user names another`);
  add(
    'inside',
    'ok',
    `${by}: ssh will ask ${isNew ? 'about its host key, and then ' : ''}for the password of ${asUser} once`,
  );
  const sudo = `by sudo if only root may write there${isOnTerminal(io) ? ', which may ask too' : ''}`;
  const where = `the key goes where this sshd reads those of ${asUser}, ${sudo}`;
  if (key?.line) add('key', 'changed', `${where}: ${key.about}`);
  return undefined;
}

const noTerminal = [
  'sudo would ask for a password there, and here is no terminal',
  'run it in a terminal',
] as const;

export function scriptFor(setup: Setup, plan: LookFacts, look: boolean): string {
  const { asUser: account = '', key, hosts, inside: { contact: shown } = {} } = plan;
  const keys = authorizedLines(key);
  return accountScript({ account, keys, look, own: true, shown, hosts, units: needsSudo(setup, plan) });
}

/** The device that the user insists on needs units. */
function needsSudo({ options }: Setup, { missing }: LookFacts): boolean {
  return options.vsock && missing !== undefined;
}

/** Whether sudo will ask, by what the script says that only looks. What is not known counts as asking. */
export function asksSudo(said: readonly Finding[] | undefined): boolean {
  return !said || said.some(({ name, state }) => name === 'sudo' && state === 'skipped');
}

/** Where sudo can ask: Windows' ssh has no ControlMaster. */
function isOnTerminal({ terminal, platform }: Io): boolean {
  return terminal.stdin && terminal.stderr && platform !== 'win32';
}

/** Runs a script by one login, for which ssh may ask, and sudo there. Throws a ConnectError. */
export async function runByLogin(
  setup: Setup,
  entry: Entry,
  script: string,
  { contact = undefined as string | undefined, asks = true, sudo = false },
): Promise<readonly Finding[]> {
  if (entry.by !== 'target') return [];
  const { io, name } = setup;
  const isAsked = sudo && isOnTerminal(io);
  const complain = (line: string) => (isAsked && sudoAsks(line)) || io.err(`| ${printable(line)}\n`);
  const options = {
    as: 'either',
    settings: [ownConnection, ...(asks ? [] : [asksNothing])],
    onComplaint: asks ? complain : undefined,
    // ssh puts the terminal into raw mode, where a line ends with \r\n.
    onTerminal: isAsked ? (text: string) => io.err(text.replaceAll('\n', '\r\n')) : undefined,
  } as const;
  if (!contact && !isAsked) return runInside(entry, script, setup, options);
  return inAskedFolder(stateFolder(io.env, io.platform), async (folder) => {
    // ssh shows it as it asks.
    const onlyKey = { knownHosts: join(folder, 'known_hosts'), hostKeyAlias: hostNameOf(name) };
    const line = `${onlyKey.hostKeyAlias} ${contact}\n`;
    if (contact) await writeFile(onlyKey.knownHosts, line, { mode: 0o600 });
    const login = contact ? { ...entry, onlyKey } : entry;
    if (!isAsked) return runInside(login, script, setup, options);
    return inSocketFolder(folder, async (place) => {
      const over = { ...login, control: join(place, 'ssh') };
      return overOneLogin(over, setup, options, () => runInside(over, script, setup, options));
    });
  });
}

/** In a folder, or in a new one whose path is short enough for a socket: ssh makes that by a longer name first (mux.c). */
async function inSocketFolder<T>(folder: string, run: (place: string) => Promise<T>): Promise<T> {
  if (fitsSocket(join(folder, `ssh.${'x'.repeat(16)}`))) return run(folder);
  const place = await mkdtemp('/tmp/vmssh-ssh-');
  return run(place).finally(() => rm(place, { recursive: true, force: true }));
}

/** Runs something while an ssh is logged in, for which it asks: with `control`, its socket. It goes on until then, and has no session, of which sshd may allow one at a time. Throws a ConnectError. */
async function overOneLogin<T>(
  entry: TargetEntry & { readonly control: string },
  { signal: stopped, io }: Setup,
  { settings = [], onComplaint }: InsideOptions,
  run: () => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const signal = AbortSignal.any([stopped, own.signal]);
  const { words } = await sshInto(entry, io);
  const command = words({ flags: ['-M', '-N'], settings: ['ControlPersist=no', ...settings] });
  let end: ScriptEnd | undefined;
  const how = { env: io.env, onComplaint, signal, onLine() {} };
  const isOver = runScript({ command, input: undefined }, how).then((all) => {
    end = all;
  });
  while (!end && !existsSync(entry.control)) await delay(50);
  try {
    if (end) throw await whyNotRun(entry, end, io, stopped);
    return await run();
  } finally {
    own.abort();
    await isOver;
  }
}

/** Whether ssh can ask for a password: at its terminal, or by SSH_ASKPASS (its readpass.c). */
export function canAsk({ env, platform, terminal }: Io, tty = '/dev/tty'): boolean {
  const { SSH_ASKPASS = '', SSH_ASKPASS_REQUIRE = '', DISPLAY = '', WAYLAND_DISPLAY = '' } = env;
  const required = SSH_ASKPASS_REQUIRE.toLowerCase();
  const mayStart = required === 'force' || (required !== 'never' && `${DISPLAY}${WAYLAND_DISPLAY}` !== '');
  if (SSH_ASKPASS !== '' && mayStart) return true;
  return required === 'force' ? false : platform === 'win32' ? terminal.stdin : hasTerminal(tty, 'r+');
}
