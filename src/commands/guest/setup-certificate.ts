import { askAgent } from '../../checks/agent.js';
import { inFolder } from '../../checks/own-keys.js';
import { trySsh } from '../../checks/users-ssh.js';
import { readTextIfAny } from '../../files/read-sync.js';
import { guestCaller, guestLogin } from '../../guest/run/route.js';
import { certificateIn } from '../../identity/certificate.js';
import { fingerprintOf } from '../../identity/known-hosts.js';
import type { Io } from '../../process/io.js';
import { settingIn } from '../../process/ssh-program.js';
import { sshLogin, sshSettings } from '../../ssh/login-key.js';
import { typedHost } from '../../typed/names.js';
import type { SetupStep } from './setup-step.js';
import { loginAs } from './setup-way.js';

/** A certificate of the user's that logs in already. A key beside it would outlive it, and open what a site closed. */
export const certificate: SetupStep = {
  name: 'key',
  async look(setup, { login, key, identityFile, answer }) {
    const { name, options, io, signal, add } = setup;
    if (!key || options.key !== undefined || !login || login.brings || answer?.error) return undefined;
    const host = typedHost(name) ?? 'machine';
    const all = await certificatesFor(host, io, signal);
    if (all.length === 0) return undefined;
    const user = login.user ?? (await sshLogin({ host, signal }, io)).user;
    const into = loginAs(user, setup);
    const called = { ...into, ...(await guestCaller(io, into)), identityFile, logLevel: 'INFO' } as const;
    const words = (more: Parameters<typeof guestLogin>[1]) => guestLogin(called, more);
    const { said } = await trySsh({ host, sshConfig: undefined, words }, io, signal);
    const [kind = '', print] = said.accepted?.print.split(' ') ?? [];
    if (said.reach !== 'session' || !kind.endsWith('-CERT')) return undefined;
    const ca = all.find((each) => each?.print === print)?.ca;
    const by = `a certificate${ca ? ` of CA ${ca}` : ''}`;
    add('key', 'ok', `${by} logs in as ${user} already: no key is put there; --key FILE puts one`);
    return { login: { ...login, user }, key: undefined, certificate: by };
  },
};

/** Those that ssh would offer; of each whose form is known here, its key and its CA. */
async function certificatesFor(host: string, io: Io, signal: AbortSignal) {
  const settings = await sshSettings({ host, signal }, io);
  const files = [...settings.matchAll(/^(identity|certificate)file (.+)$/gm)].map(([, what, path = '']) =>
    inFolder(what === 'identity' ? `${path.replace(/\.pub$/, '')}-cert.pub` : path, io),
  );
  const { keys } = await askAgent(settingIn(settings, 'identityagent'), io.env);
  const printOf = (key: string) => fingerprintOf(Buffer.from(key, 'base64'));
  return [...files.map((file) => readTextIfAny(file)), ...keys].flatMap((text) => {
    const [, type, key] = /^(\S+-cert-v01@openssh\.com) (\S+)/m.exec(text) ?? [];
    if (type === undefined || key === undefined) return [];
    const known = certificateIn({ type, key });
    return [known && { print: printOf(known.plain.key), ca: printOf(known.ca) }];
  });
}
