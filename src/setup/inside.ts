import { keptLogin, type MachineLogin } from '../book/logins.js';
import { ownKeys, printOfLine } from '../checks/own-keys.js';
import { isAccountName, readKeys } from '../cli/guest.js';
import { type Entry, execOf, isBySudo, loginAs } from '../entry/entry.js';
import { ConnectError, quote } from '../errors.js';
import type { Finding } from '../guest/report.js';
import { accountScript, overOf, undoScript } from '../guest/script.js';
import { isHomeHere } from '../guest/shared-homes.js';
import { lacksSshd } from '../reach/all-failed.js';
import { taken } from './sshd.js';
import { asFailure, runInside, type Setup, type SetupFacts, type SetupStep } from './step.js';
import { entryByManager, noEntry } from './way.js';

/** The account, its key and the host key, by a script that its manager runs as root. */
export const inside: SetupStep = {
  name: 'inside',
  async look(setup, found) {
    const { entry, login, key, hosts } = found;
    if (!entry || !login || login.brings) return undefined;
    if (found.asUser) return ownLogin(setup, found);
    const { install } = setup.options;
    const over = overOf(found.answer?.means?.endpoint);
    const [hostKeyType] = (await taken(setup)).flatMap((each) => hostKeyTypes.get(each) ?? []);
    const wanted = { account: login.user, keys: key ? [key.line] : [], install, over, hosts, hostKeyType };
    const said = await runInside(entry, accountScript({ ...wanted, look: true }), setup, {
      looks: true,
    }).catch(asFailure);
    if (said instanceof ConnectError) {
      const other = await noEntry(setup, said, found);
      return other?.asUser ? { ...other, ...(await ownLogin(setup, other)) } : other;
    }
    setup.add('inside', 'ok', `as root, by ${execOf(entry)?.[0] ?? 'its guest agent'}`);
    return planFrom(said, setup, { ...found, entry, login }, (account) =>
      accountScript({ ...wanted, account, look: false, saysHostKeys: isBySudo(entry) }),
    );
  },

  async act(setup, found) {
    const { entry, scripts = [], byHand, asUser, login } = found;
    const own = asUser ? await byLogin() : undefined;
    let bySudo: true | undefined;
    const hostKeys: string[] = [];
    if (byHand) return setup.add('inside', 'failed', ...byHand);
    for (const script of scripts) {
      if (!entry) break;
      const said = own
        ? await own.runByLogin(setup, found, script, { sudo: own.asksSudo(found.said) }).catch(asFailure)
        : await runInside(entry, script, setup);
      if (said instanceof ConnectError)
        return own ? own.loginFailed(setup, said) : setup.add('inside', 'failed', said.problem, said.hint);
      for (const row of said)
        if (row.name === 'host-key' && row.state === 'ok') hostKeys.push(row.found);
        else setup.addGuests(withBring(row, setup, found), entry);
      if (said.some(({ name }) => name === 'sudo')) bySudo = true;
      if (setup.isFailed()) break;
    }
    const read = hostKeys.length > 0 ? { hostKeys } : undefined;
    return bySudo && login ? { ...read, login: { ...login, bySudo } } : read;
  },

  async undo(setup, _, what) {
    const { name, machine, options, io, signal, add } = setup;
    const login = await keptLogin(machine, io);
    const more = [login?.identityFile, machine?.identityFile];
    const asked = async () => (options.all ? [] : ownKeys({ host: name, more }, io, signal));
    const own = options.key ? readKeys(options.key) : await asked();
    const owners = options.all ? undefined : own;
    const way = options.by ?? (login?.byLogin && 'login');
    if (login?.user && way === 'login') {
      const seen = await undoByLogin(setup, { ...login, user: login.user }, owners, what);
      // The manager may go in by now, and have done something too.
      const isOver = setup.isFailed() || options.by !== undefined;
      if (isOver || (await entryByManager(setup).catch(asFailure)) instanceof ConnectError) return seen;
    }
    const entry = await entryByManager(setup);
    const looks = what === 'plan';
    const account = way === 'exec' && login?.byLogin ? login.user : undefined;
    const script = undoScript({ look: looks, account, owners });
    const said = await runInside(entry, script, setup, { looks }).catch(asFailure);
    if (!(said instanceof ConnectError)) {
      for (const row of said) setup.addGuests(row, entry);
      return { said, login, entry, own };
    }
    if (said.code === 'OTHER_MACHINE') return setup.add('inside', 'failed', said.problem, said.hint);
    // A machine into which an sshd is brought may lack the script's programs.
    if (login?.brings && said.code === 'NOT_RUN') return { login };
    if (login || said.code !== 'NO_EXEC') throw said;
    // Without a guest agent, setup added only the device.
    return add('undo', 'skipped', `${said.problem}: what is in it stays`);
  },
};

/** Most machines need none of it. */
const byLogin = () => import('./by-login.js');

async function ownLogin(setup: Setup, found: SetupFacts): Promise<SetupFacts | undefined> {
  const { asUser, entry, identityFile } = found;
  const { lookByLogin, scriptFor } = await byLogin();
  const seen = await lookByLogin(setup, found);
  if (!seen || !entry || !found.login) return undefined;
  const login = { ...found.login, user: asUser, identityFile, byLogin: true } as const;
  const all = { ...found, ...seen, entry, login };
  if (!seen.said) return { ...seen, login };
  const planned = planFrom(seen.said, setup, all, () => scriptFor(setup, all, false));
  return { ...seen, ...planned };
}

/** Takes back what an account's own login did. It is not looked at before: ssh would have to ask twice. */
async function undoByLogin(
  setup: Setup,
  login: MachineLogin & { readonly user: string },
  owners: readonly string[] | undefined,
  what: 'plan' | 'do',
): Promise<SetupFacts | undefined> {
  const { target, name } = setup;
  const entry = { ...loginAs(login.user, target, name), identityFile: login.identityFile };
  const { user, bySudo } = login;
  const sudo = bySudo ? ', and by sudo, which may ask' : '';
  const says = `what setup did for ${user} is taken back, by a login as ${user}${sudo}`;
  if (what === 'plan') return setup.add('undo', 'changed', says) ?? { login };
  const { runByLogin } = await byLogin();
  const script = undoScript({ own: true, account: bySudo && user, owners });
  const said = await runByLogin(setup, { entry }, script, { sudo: bySudo }).catch(asFailure);
  if (said instanceof ConnectError) return setup.add('undo', 'failed', said.problem, said.hint);
  for (const row of said) setup.addGuests(row, entry);
  return { said, login };
}

function planFrom(
  said: readonly Finding[],
  setup: Setup,
  found: SetupFacts & { readonly entry: Entry; readonly login: MachineLogin },
  scriptOf: (account: string) => string,
): SetupFacts | undefined {
  const user = said.find(({ name, state }) => name === 'account' && state === 'ok')?.found ?? '';
  const homes = said.filter(({ name }) => name === 'home').map((row) => row.found);
  const isShared = isHomeHere(homes);
  for (const row of said)
    if (row.name !== 'home' && !(isShared && row.name === 'key')) sayPlanned(row, setup, { ...found, said });
  if (isShared) {
    const shared = "a home of this host's own, which the machine shares: it would let in here too";
    setup.add('key', 'failed', `the key would go into ${shared}`, 'if you mean that: --shared-home');
  }
  if (setup.isFailed()) return undefined;
  const strange = `it says that this is an account: ${quote(user)}`;
  if (!isAccountName(user))
    return setup.add('account', 'failed', strange, `vmssh setup --user NAME ${setup.typed}`);
  const isDone = said.every(({ state }) => state !== 'changed');
  const { login, identityFile } = found;
  return { said, scripts: isDone ? [] : [scriptOf(user)], login: { ...login, user, identityFile } };
}

function sayPlanned(
  row: Finding,
  { options, typed, add, addGuests }: Setup,
  found: SetupFacts & { readonly entry: Entry },
): void {
  const { name, state } = row;
  const isOk = state === 'ok';
  if (name === 'account' && isOk) {
    add('account', 'ok', options.user === undefined ? `${row.found}: --user names another` : row.found);
  } else if (name === 'sshd' && state === 'failed' && !options.install) {
    const more = lacksSshd(found.answer?.error) ? `; without its network: ${bringing(typed)}` : '';
    add('sshd', 'failed', row.found + more, `vmssh setup --install-sshd ${typed}`);
  } else if (name === 'key' && state !== 'failed' && found.key) {
    const which = `${found.key.from} (${printOfLine(found.key.line)})`;
    addGuests({ ...row, found: `${row.found}: ${which}` }, found.entry);
  } else if (name !== 'sshd' || !isOk) addGuests(row, found.entry);
}

const bringing = (typed: string) => `vmssh setup --bring-sshd ${typed}`;

/** What failed to install an sshd fails again by hand: where one can be brought, that is said. */
function withBring(row: Finding, { options, typed }: Setup, { answer }: SetupFacts): Finding {
  const isInstall = options.install && row.name === 'sshd' && row.state === 'failed';
  if (!isInstall || !lacksSshd(answer?.error)) return row;
  return { ...row, hint: `without its network: ${bringing(typed)}` };
}

/** The type of host key for each algorithm, by ssh-keygen's name. */
const hostKeyTypes = new Map([
  ['ssh-ed25519', 'ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa'],
  ['rsa-sha2-512', 'rsa'],
  ['rsa-sha2-256', 'rsa'],
]);
