import { existsSync } from 'node:fs';
import { ConnectError } from '../base/errors.js';
import { keptLogin } from '../book/logins.js';
import { byManager } from '../entry/by-manager.js';
import { loginAs, type ManagerEntry } from '../entry/entry.js';
import { homesHere } from '../guest/shared-homes.js';
import { configFiles } from '../hosts/places.js';
import { sshLogin } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { programInPath } from '../process/program-in-path.js';
import { mayBeUp } from '../sources/source.js';
import { ownSource } from '../sources/sources.js';
import { typedHost } from '../typed/names.js';
import { formatEndpoint } from '../typed/route.js';
import { shellOf, startLine } from '../typed/shell.js';
import { chooseKey } from './key.js';
import {
  asFailure,
  checkUntil,
  type LoginFacts,
  type LookFacts,
  type Setup,
  type SetupStep,
} from './step.js';

/** How its manager goes in, or an account by a login, and what is known before anybody does. Throws a ConnectError if no machine has the name. */
export async function wayIn(setup: Setup): Promise<LookFacts | undefined> {
  const { machine, options, io } = setup;
  const entry = await entryByManager(setup).catch(asFailure);
  if (machine === undefined) throw entry;
  const kept = await keptLogin(machine, io);
  const earlier = kept?.failed ? undefined : kept;
  const user = options.user ?? earlier?.user ?? machine.user;
  const first = isFirst(io) || kept?.first;
  const takes = setup.claim === undefined ? kept?.takes : setup.name;
  const { pinned, byLogin: hasJournal, bySudo } = kept ?? {};
  const journals = { byLogin: hasJournal, bySudo };
  const login = { uuid: machine.uuid, user, takes, pinned, ...journals, first: first || undefined };
  const chosen = await chooseKey(setup).catch(asFailure);
  if (chosen instanceof ConnectError) return setup.add('key', 'failed', chosen.problem, chosen.hint);
  const start = await howToStart(setup);
  const known = { ...chosen, earlier, login, start, hosts: hostsFor(setup, user) };
  if (options.by === 'login' && mayBeUp(machine)) return { ...known, ...(await byLogin(setup, known)) };
  if (!(entry instanceof ConnectError)) return { ...known, entry };
  const other = await noEntry(setup, entry, known);
  return other?.entry && { ...known, ...other, entry: other.entry };
}

function isFirst(io: Io): boolean {
  const { own, state } = configFiles({ system: false }, io);
  return ![own, state].some((file) => existsSync(file));
}

export const way: SetupStep = {
  async look(setup, plan) {
    const { start, missing } = plan;
    const { machine, add } = setup;
    if (start && !missing) return addOff(setup, start);
    if (start) add('way', 'skipped', `it is ${machine?.status}: start it then, and run this again`);
    if (start) return setup.end();
    if (missing) return undefined;
    const answer = plan.answer ?? (await checkUntil('banner', 'root', setup));
    const { means: { endpoint, steps = [] } = {}, error } = answer;
    if (!endpoint) return add('way', 'failed', error?.problem ?? 'none is known', error?.hint);
    add('way', 'ok', [...steps, formatEndpoint(endpoint)].slice(-2).join(' → '));
    return { answer };
  },
  act: async (setup, { start }) => addOff(setup, start),
  undo: async (setup) => addOff(setup, await howToStart(setup)),
};

function addOff({ machine, add }: Setup, start: string | undefined): undefined {
  if (start) add('way', 'failed', `it is ${machine?.status}`, start);
}

/** The way into a machine by its manager. Throws a ConnectError. */
export async function entryByManager({ named, options, typed, io, signal }: Setup): Promise<ManagerEntry> {
  const entry = await byManager({ host: named.text }, io, signal, async () => named, sudoOf(io));
  const unprovedFix = `if it is the right one: vmssh setup --unproved ${typed}`;
  const { meant } = entry;
  return meant ? { ...entry, meant: { ...meant, unproved: options.unproved, unprovedFix } } : entry;
}

/** Whether sudo can be tried, and may ask: it does at a terminal. */
function sudoOf({ env, platform, terminal }: Io): 'asks' | 'never asks' | undefined {
  if (platform !== 'linux' || process.getuid?.() === 0 || !programInPath('sudo', env)) return undefined;
  return terminal.stdin && terminal.stderr ? 'asks' : 'never asks';
}

/** What a login of its own adds to the plan. */
type LoginWay = Required<Pick<LookFacts, 'entry' | 'asUser' | 'hosts' | 'answer'>>;

/** The account goes in by itself, by a login. Without an sshd that answers, `way` says so. */
async function byLogin(setup: Setup, known: LoginFacts | LookFacts): Promise<LoginWay> {
  const { name, target, io, signal } = setup;
  const seen = 'answer' in known ? known.answer : undefined;
  const answer = seen ?? (await checkUntil('banner', 'root', setup));
  const user = known.login.user ?? (await sshLogin({ host: typedHost(name) ?? name, signal }, io)).user;
  return { answer, asUser: user, hosts: hostsFor(setup, user), entry: loginAs(user, target, name) };
}

function hostsFor({ options, io }: Setup, user: string | undefined): readonly string[] {
  return homesHere(options.sharedHome, [user, io.env.SUDO_USER], io.platform);
}

/** No manager goes in: a login does, if an sshd answers; else what to type on its console, if it has one. `plan`: by its manager it was tried. */
export async function noEntry(
  setup: Setup,
  { code, problem, hint = '' }: ConnectError,
  known: LoginFacts,
  plan?: LookFacts,
): Promise<Partial<LookFacts> | undefined> {
  const { machine, options, add } = setup;
  const { missing } = plan ?? {};
  // Off, it has no console to type on either.
  if (known.start && !missing) return addOff(setup, known.start);
  const login = code === 'NO_EXEC' && options.by !== 'exec' ? await byLogin(setup, plan ?? known) : undefined;
  const unanswered = login?.answer.error;
  if (login && !unanswered) return login;
  const isBroken = code !== 'NO_EXEC' && options.by === undefined;
  const instead = isBroken ? `; by a login instead: vmssh setup --by login ${setup.typed}` : '';
  const also = unanswered ? `; and a login: ${unanswered.problem}` : instead;
  // The fix of the manager is to log in.
  const fix = unanswered && !plan ? otherFix(unanswered) : hint;
  const { provider, authority, cid } = machine ?? {};
  const hasConsole = ownSource(provider)?.hasConsole && authority !== 'other';
  const hasSocket = provider !== 'qemu' || cid !== undefined;
  const key = code === 'NO_EXEC' && hasConsole ? known.key?.line : undefined;
  const line = key && onConsole(key, hasSocket, options.user);
  if (!line) return add('inside', 'failed', `${problem}${also}`, fix);
  const byHand = [`${problem}; ${fix}${also}`, line] as const;
  if (!missing) return add('inside', 'failed', ...byHand);
  add('inside', 'skipped', `${problem}: the rest is one line to type on its console`);
  setup.end();
  return { byHand };
}

/** What lets a key in if it is typed on a machine's console; with `listens` systemd 256 and later listen then. Undefined for a key with options. */
function onConsole(line: string, listens: boolean, user = 'root'): string | undefined {
  const [key] = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ AAAA[A-Za-z0-9+/]+={0,2}(?= |$)/.exec(line) ?? [];
  if (key === undefined) return undefined;
  const sudo = user === 'root' ? '' : 'sudo ';
  const listen = [`${sudo}systemctl daemon-reload`, `${sudo}systemctl start sshd-vsock.socket`];
  const type = [`mkdir -pm700 ~/.ssh`, `echo '${key}' >>~/.ssh/authorized_keys`, ...(listens ? listen : [])];
  return `type on its console, as ${user}: ${type.join('; ')}`;
}

/** The fix for a machine that setup has looked at: its own command would come back to this. */
export function otherFix({ hint = '', otherHint = hint }: ConnectError): string {
  return otherHint.startsWith('vmssh setup') ? byHand : otherHint;
}

const byHand = 'in it, as root: install openssh-server, and run ssh-keygen -A';

/** The command of its manager that starts a machine, or what else it says of one that is off. Undefined for one that may be up. */
async function howToStart(setup: Setup): Promise<string | undefined> {
  const { machine, io } = setup;
  if (machine === undefined || mayBeUp(machine)) return undefined;
  const { error } = await checkUntil('banner', undefined, setup);
  // To ask a distribution of WSL starts it.
  if (!error) return undefined;
  const { start, hint } = error;
  return (start && startLine(start, shellOf(io))) ?? hint ?? 'run this again';
}
