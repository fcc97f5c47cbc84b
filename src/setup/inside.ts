import { ConnectError, quote } from '../base/errors.js';
import { keptLogin } from '../book/logins.js';
import type { MachineLogin } from '../book/state.js';
import { ownKeys } from '../checks/own-keys.js';
import { isAccountName, readKeys } from '../cli/guest.js';
import { execOf, isBySudo, loginAs } from '../entry/entry.js';
import type { Finding } from '../guest/report.js';
import { accountScript, overOf, undoScript } from '../guest/script.js';
import { isHomeHere } from '../guest/shared-homes.js';
import { lacksSshd } from '../reach/all-failed.js';
import { taken } from './sshd.js';
import type { SetupStep, UndoFacts } from './step.js';
import { asFailure, authorizedLines, type LookFacts, runInside, type Setup } from './step.js';
import { entryByManager, noEntry } from './way.js';

/** The account, its key and the host key, by a script that its manager runs as root. */
export const inside: SetupStep = {
  async look(setup, plan) {
    const { entry, login, key, hosts } = plan;
    if (login.brings) return undefined;
    if (plan.asUser) return ownLogin(setup, plan);
    const { install } = setup.options;
    const over = overOf(plan.answer?.means?.endpoint);
    const [hostKeyType] = (await taken(setup)).flatMap((each) => hostKeyTypes.get(each) ?? []);
    const wanted = { account: login.user, keys: authorizedLines(key), install, over, hosts, hostKeyType };
    const said = await runInside(entry, accountScript({ ...wanted, look: true }), setup, {
      looks: true,
    }).catch(asFailure);
    if (said instanceof ConnectError) {
      const other = await noEntry(setup, said, plan, plan);
      return other?.asUser ? { ...other, ...(await ownLogin(setup, { ...plan, ...other })) } : other;
    }
    setup.add('inside', 'ok', `as root, by ${execOf(entry)?.[0] ?? 'its guest agent'}`);
    return planFrom(said, setup, plan, (account) =>
      accountScript({ ...wanted, account, look: false, saysHostKeys: isBySudo(entry) }),
    );
  },

  async act(setup, plan) {
    const { entry, byHand } = plan;
    const { scripts = [], said: before, contact } = plan.inside ?? {};
    const own = plan.asUser ? await byLogin() : undefined;
    let bySudo: true | undefined;
    const hostKeys: string[] = [];
    if (byHand) return setup.add('inside', 'failed', ...byHand);
    for (const script of scripts) {
      const said = own
        ? await own.runByLogin(setup, entry, script, { contact, sudo: own.asksSudo(before) }).catch(asFailure)
        : await runInside(entry, script, setup);
      if (said instanceof ConnectError)
        return own ? own.loginFailed(setup, said) : setup.add('inside', 'failed', said.problem, said.hint);
      for (const row of said)
        if (row.name === 'host-key' && row.state === 'ok') hostKeys.push(row.found);
        else setup.addGuests(withBring(row, setup, plan), entry);
      if (said.some(({ name }) => name === 'sudo')) bySudo = true;
      if (setup.isFailed()) break;
    }
    return { ...(bySudo && { bySudo }), ...(hostKeys.length > 0 && { hostKeys }) };
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

async function ownLogin(setup: Setup, plan: LookFacts): Promise<Partial<LookFacts> | undefined> {
  const { asUser, key } = plan;
  const { lookByLogin, scriptFor } = await byLogin();
  const inside = await lookByLogin(setup, plan);
  if (!inside) return undefined;
  const login = { ...plan.login, user: asUser, identityFile: key?.identityFile, byLogin: true } as const;
  const all = { ...plan, inside, login };
  if (!inside.said) return { inside, login };
  return planFrom(inside.said, setup, all, () => scriptFor(setup, all, false));
}

/** Takes back what an account's own login did. It is not looked at before: ssh would have to ask twice. */
async function undoByLogin(
  setup: Setup,
  login: MachineLogin & { readonly user: string },
  owners: readonly string[] | undefined,
  what: 'plan' | 'do',
): Promise<Partial<UndoFacts> | undefined> {
  const { target, name } = setup;
  const entry = { ...loginAs(login.user, target, name), identityFile: login.identityFile };
  const { user, bySudo } = login;
  const sudo = bySudo ? ', and by sudo, which may ask' : '';
  const says = `what setup did for ${user} is taken back, by a login as ${user}${sudo}`;
  if (what === 'plan') return setup.add('undo', 'changed', says) ?? { login };
  const { runByLogin } = await byLogin();
  const script = undoScript({ own: true, account: bySudo && user, owners });
  const said = await runByLogin(setup, entry, script, { sudo: bySudo }).catch(asFailure);
  if (said instanceof ConnectError) return setup.add('undo', 'failed', said.problem, said.hint);
  for (const row of said) setup.addGuests(row, entry);
  return { said, login };
}

function planFrom(
  said: readonly Finding[],
  setup: Setup,
  plan: LookFacts,
  scriptOf: (account: string) => string,
): Partial<LookFacts> | undefined {
  const user = said.find(({ name, state }) => name === 'account' && state === 'ok')?.found ?? '';
  const homes = said.filter(({ name }) => name === 'home').map((row) => row.found);
  const isShared = isHomeHere(homes);
  for (const row of said)
    if (row.name !== 'home' && !(isShared && row.name === 'key')) sayPlanned(row, setup, plan);
  if (isShared) {
    const shared = "a home of this host's own, which the machine shares: it would let in here too";
    setup.add('key', 'failed', `the key would go into ${shared}`, 'if you mean that: --shared-home');
  }
  if (setup.isFailed()) return undefined;
  const strange = `it says that this is an account: ${quote(user)}`;
  if (!isAccountName(user))
    return setup.add('account', 'failed', strange, `vmssh setup --user NAME ${setup.typed}`);
  const isDone = said.every(({ state }) => state !== 'changed');
  const { login, key, inside } = plan;
  return {
    inside: { ...inside, said, scripts: isDone ? [] : [scriptOf(user)] },
    login: { ...login, user, identityFile: key?.identityFile },
  };
}

function sayPlanned(
  row: Finding,
  { options, typed, add, addGuests }: Setup,
  { answer, entry, key }: LookFacts,
): void {
  const { name, state } = row;
  const isOk = state === 'ok';
  if (name === 'account' && isOk) {
    add('account', 'ok', options.user === undefined ? `${row.found}: --user names another` : row.found);
  } else if (name === 'sshd' && state === 'failed' && !options.install) {
    const more = lacksSshd(answer?.error) ? `; without its network: ${bringing(typed)}` : '';
    add('sshd', 'failed', row.found + more, `vmssh setup --install-sshd ${typed}`);
  } else if (name === 'key' && state !== 'failed' && key?.line) {
    addGuests({ ...row, found: `${row.found}: ${key.about}` }, entry);
  } else if (name !== 'sshd' || !isOk) addGuests(row, entry);
}

const bringing = (typed: string) => `vmssh setup --bring-sshd ${typed}`;

/** What failed to install an sshd fails again by hand: where one can be brought, that is said. */
function withBring(row: Finding, { options, typed }: Setup, { answer }: LookFacts): Finding {
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
