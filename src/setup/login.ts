import { spawn } from 'node:child_process';
import type { MachineLogin } from '../book/state.js';
import { type LoginWords, trySsh } from '../checks/users-ssh.js';
import { judgeLogin, type LoginVerdict } from '../checks/verdict.js';
import { loginAs } from '../entry/entry.js';
import { sshInto } from '../entry/ssh-words.js';
import { configFiles } from '../hosts/places.js';
import { ownConnection, sshCommand, typedSsh } from '../process/ssh-program.js';
import { ended, keptSshEndsWithUs } from '../process/terminate.js';
import { configArgument } from '../ssh/config/word.js';
import { otherHome } from '../ssh/folder.js';
import { slug, typedHost } from '../typed/names.js';
import { sshPort } from '../typed/numbers.js';
import { shellOf, shellQuoted } from '../typed/shell.js';
import { afterwards, leaveHost } from './config.js';
import type { LookFacts, Setup, SetupStep } from './step.js';

export const login: SetupStep = {
  async act(setup, plan, done) {
    const { name, target, machine, options, io, add } = setup;
    const { key, login } = plan;
    const { user, identityFile, brings } = login;
    const { host, shown } = done;
    const words = host ?? `${user}@${target}`;
    const again = brings ? `ssh -v ${words}` : `vmssh check ${shellQuoted(`${user}@${target}`, shellOf(io))}`;
    const own = key?.about ?? identityFile;
    const by = brings ? 'an sshd that was brought' : own;
    const who = user ?? "the machine's own user";
    const isAlone = key?.asks && !(io.terminal.stdin && io.terminal.stderr);
    const end = isAlone ? undefined : await tryOnce(setup, plan, host);
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
      if (isRefused(end)) await leaveHost(setup, plan, done);
    }
    if (!options.noConfig) return undefined;
    const keys = identityFile === undefined ? [] : [['IdentityFile', configArgument(identityFile)] as const];
    const forHost = { host: name, name: slug(machine?.name ?? name), target, port: sshPort, user, keys };
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

async function tryOnce(setup: Setup, { key, login }: LookFacts, named: string | undefined): Promise<Tried> {
  const { io, signal, name } = setup;
  const { env } = io;
  const { words, sshConfig, ssh } = await loginWords(setup, login, named);
  if (!key?.asks) {
    const own = { ...io, usersShell: {} };
    const host = named ?? typedHost(name) ?? 'machine';
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

async function loginWords({ target, io }: Setup, { user, identityFile }: MachineLogin, host?: string) {
  if (host === undefined) {
    const entry = { ...loginAs(`${user}`, target, undefined), identityFile };
    return { sshConfig: undefined, ...(await sshInto(entry, io)) };
  }
  // ssh does not read HOME.
  const { main } = configFiles({ system: false }, io);
  const sshConfig = otherHome(io.env, io.platform) === undefined ? undefined : main;
  const words = (more: LoginWords) => sshCommand({ configFile: sshConfig, host, ...more });
  return { sshConfig, ssh: typedSsh, words };
}
