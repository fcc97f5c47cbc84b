import { tilde } from '../base/runtime.js';
import { askAgent } from '../checks/agent.js';
import { firstOwnKey, inFolder, keyIn, printOfLine } from '../checks/own-keys.js';
import { trySsh } from '../checks/users-ssh.js';
import { expiredCertificate } from '../checks/verdict.js';
import { loginAs } from '../entry/entry.js';
import { sshInto } from '../entry/ssh-words.js';
import { readTextIfAny } from '../files/read-sync.js';
import { accountScript } from '../guest/script.js';
import { ownKeyFile, sshLogin, sshSettings } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { settingIn } from '../process/ssh-program.js';
import { certificateIn, certificateLine } from '../ssh/certificate.js';
import { fingerprintOf } from '../ssh/known-hosts.js';
import { typedHost } from '../typed/names.js';
import { shellOf, shellQuoted } from '../typed/shell.js';
import { type ChosenKey, runInside, type Setup, type SetupStep } from './step.js';

/** A key of the user's that is still there, though no journal says whose it is: it may have been there before. */
export const keyLeft: SetupStep = {
  async undo(setup, { said, own, entry, login }, what) {
    if (!entry || login?.brings || !said.some(({ name }) => name === 'journal')) return undefined;
    const look = accountScript({ account: login?.user, keys: own, look: 'left' });
    const isLast = what === 'do' || setup.steps.every(({ state }) => state !== 'changed');
    for (const row of await runInside(entry, look, setup, { looks: true }))
      if (row.name === 'key' && row.state === 'failed')
        setup.addGuests({ ...row, state: isLast ? 'failed' : 'skipped' }, entry);
    return undefined;
  },
};

export const key: SetupStep = {
  async look({ add }, { login, key, noKey }) {
    if (login.brings || key) return undefined;
    return add('key', 'failed', noKey?.problem ?? 'you have no public key that ssh would try', noKey?.fix);
  },
};

/** The key that the machine's manager made for its user; else the user's own. */
export async function chooseKey(setup: Setup): Promise<ChosenKey> {
  const { name, machine, options, io, signal } = setup;
  const isManagers = options.key === undefined && [undefined, machine?.user].includes(options.user);
  const made = isManagers ? await ownKeyFile(machine?.identityFile) : undefined;
  if (made !== undefined) return { key: { about: made, identityFile: made }, noKey: undefined };
  const { key, why: noKey }: Awaited<ReturnType<typeof firstOwnKey>> =
    options.key === undefined ? await firstOwnKey(name, io, signal) : { key: await keyIn(options.key) };
  return { key: key && { ...key, about: `${key.from} (${printOfLine(key.line)})` }, noKey };
}

/** A certificate of the user's that logs in already. A key beside it would outlive it, and open what a site closed. */
export const certificate: SetupStep = {
  async look(setup, { login, key, answer }) {
    const { name, options, io, signal, add } = setup;
    if (!key?.line || options.key !== undefined || login.brings || answer?.error) return undefined;
    const { identityFile } = key;
    const host = typedHost(name) ?? 'machine';
    const all = await certificatesFor(host, io, signal);
    if (all.length === 0) return undefined;
    const user = login.user ?? (await sshLogin({ host, signal }, io)).user;
    const entry = { ...loginAs(user, setup.target, name), identityFile };
    const { words } = await sshInto(entry, io);
    const tried = await trySsh({ host, sshConfig: undefined, words }, io, signal);
    const { said } = tried;
    const expired =
      said.reach === 'authentication' && expiredCertificate(tried, (path) => tilde(path, io.env));
    if (expired) {
      const plain = `vmssh setup --key ${shellQuoted(key.publicFile ?? 'FILE', shellOf(io))} ${shellQuoted(setup.typed, shellOf(io))}`;
      const fix = `${expired.fix}; or, for a plain key, which stays: ${plain}`;
      return add('key', 'failed', `${expired.message}: no plain key is put there in its place`, fix);
    }
    const [kind = '', print] = said.accepted?.print.split(' ') ?? [];
    if (said.reach !== 'session' || !kind.endsWith('-CERT')) return undefined;
    const ca = all.find((each) => each?.print === print)?.ca;
    const by = `a certificate${ca ? ` of CA ${ca}` : ''}`;
    add('key', 'ok', `${by} logs in as ${user} already: no key is put there; --key FILE puts one`);
    return { login: { ...login, user }, key: { about: by, identityFile } };
  },
};

/** The certificates that ssh would offer; of each whose form is known here, its key and its CA. */
async function certificatesFor(host: string, io: Io, signal: AbortSignal) {
  const settings = await sshSettings({ host, signal }, io);
  const files = [...settings.matchAll(/^(identity|certificate)file (.+)$/gm)].map(([, what, path = '']) =>
    inFolder(what === 'identity' ? `${path.replace(/\.pub$/, '')}-cert.pub` : path, io),
  );
  const { keys } = await askAgent(settingIn(settings, 'identityagent'), io.env);
  const printOf = (key: string) => fingerprintOf(Buffer.from(key, 'base64'));
  return [...files.map((file) => readTextIfAny(file)), ...keys].flatMap((text) => {
    const line = certificateLine(text);
    if (line === undefined) return [];
    const known = certificateIn(line);
    return [known && { print: printOf(known.plain.key), ca: printOf(known.ca) }];
  });
}
