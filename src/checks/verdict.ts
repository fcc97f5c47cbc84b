import { join } from 'node:path';
import { tilde } from '../base/runtime.js';
import { readTextIfAny } from '../files/read-sync.js';
import { guestFailures } from '../guest/failures.js';
import { pinPrint } from '../keys/pins.js';
import { noGroups, refusalFix } from '../process/refusal-fix.js';
import { beforeServer, type Reach, reasonsIn, type SshSaid, whyEnded } from '../process/ssh-log.js';
import { settingIn } from '../process/ssh-program.js';
import { certificateIn, certificateLine, overSince } from '../ssh/certificate.js';
import type { ControlPathTrouble } from '../ssh/control-path.js';
import { goneFolder } from '../ssh/folder.js';
import { isWithoutPrivate, noneInCommon, othersKeyCommand, ownCause, shownKeys } from './own-cause.js';
import { type SshTry, takesTerminal, wantsNewPassword } from './users-ssh.js';

/** What a login by the user's ssh comes to: "ok": it logs in without a question; "skipped": ssh would ask, or goes in by another name; "failed": it ends. */
export interface LoginVerdict {
  readonly state: 'ok' | 'skipped' | 'failed';
  readonly message: string;
  readonly fix?: string | undefined;
  readonly user: string;
  /** The time of the login. Milliseconds. */
  readonly ms: number;
  /** How far ssh came, if it did not log in. */
  readonly reach?: Reach;
  /** The guest's side has no part in it. */
  readonly isOwn?: boolean;
  /** What is wrong with the user's ControlPath, which was not used. */
  readonly controlPath?: ControlPathTrouble | undefined;
  /** The output of `ssh -G`. */
  readonly settings?: string;
  /** Whether ssh went by our proxy. */
  readonly isByProxy?: boolean;
  /** Whether it was ended, as our proxy had said that the machine takes no connection. */
  readonly hangs?: boolean;
}

/** Reads where ssh ended, and why, by its own words. `home`: for short paths. */
export async function judgeLogin(tried: SshTry, home = ''): Promise<LoginVerdict> {
  const user = tried.said.user ?? settingIn(tried.settings, 'user') ?? '';
  return { user, ms: tried.ms, ...(await judge(tried, user, home)) };
}

type Judged = Omit<LoginVerdict, 'user' | 'ms'>;

function failed(reach: Reach, message: string, more: Partial<Judged> = {}): Judged {
  return { state: 'failed', reach, message, ...more };
}

async function judge(tried: SshTry, user: string, home: string): Promise<Judged> {
  const { end, said, ms, agent } = tried;
  const short = (path: string) => tilde(path, { HOME: home });
  // With -tt ssh ends where sshd gives no terminal; without it the session goes on.
  if (end.code === 0 || (said.reach === 'session' && said.lacksTerminal)) {
    const key = said.accepted && said.by === 'publickey' ? ` with ${short(said.accepted.name)}` : '';
    const keepsNone = settingIn(tried.settings, 'userknownhostsfile') === '/dev/null';
    const kept =
      said.isKept && said.hostKey && !keepsNone
        ? `; its host key was new, and ssh keeps it: ${said.hostKey.fingerprint}`
        : '';
    const bare = said.lacksTerminal ? ', which gives it no terminal,' : '';
    return {
      state: 'ok',
      message: `ssh logs in as ${user}${key}${bare} (${(ms / 1000).toFixed(1)} s)${kept}`,
    };
  }
  const message = whyEnded(end).replace(/\.$/, '');
  if (said.reach === 'session') return ofSession(tried, user, message);
  const { reach, hostKey } = said;
  // ssh of 10 asks its agent only when sshd has named the methods.
  const isWaiting = agent.isSilent && end.code === null && !said.accepted;
  if (isWaiting && (reach === 'agent' || reach === 'authentication'))
    return failed(reach, `${agent.problem}, and ssh waits for it`, { isOwn: true, fix: agent.fix });
  if (reach === 'authentication') return ofAuthentication(tried, user, message, short, home);
  if (reach === 'host key' && hostKey && isUnknownKey(end.stderr, tried.settings)) {
    const shown = `ssh would ask about its host key, which is new: ${hostKey.type} ${hostKey.fingerprint}`;
    return { state: 'skipped', reach, isOwn: true, message: shown };
  }
  const untold = beforeServer(end.stderr);
  const none = (await noneInCommon(message, said)) ?? (await othersKeyCommand(untold, said));
  if (none && reach === 'banner')
    return failed(reach, `${ended.banner}: ${none.message}`, { isOwn: true, fix: none.fix });
  if (none) return failed(reach, none.message, none);
  const own =
    reach === 'nothing' || noGroups.test(untold)
      ? { isOwn: true, fix: refusalFix(untold) ?? 'vmssh doctor looks at the ssh here' }
      : {};
  // Of these ssh's stderr has no word of a server's.
  const isHere = ['proxy', 'socket', 'host key'].includes(reach);
  const [, ours, hint] = (isHere && ourWords.exec(reasonsIn(end.stderr))) || [];
  const isGone = reach === 'proxy' && !ours && gone.test(message);
  const help =
    hint ?? (/^Certificate invalid/.test(message) ? otherCertificate : isGone ? newLines : undefined);
  const fix = help === undefined ? {} : { fix: help };
  // Without fdpass the connection that ssh has is only one to vmssh.
  const where = ended[ours && reach === 'socket' ? 'proxy' : reach];
  return failed(reach, `${where}: ${ours ?? message}`, { ...own, ...fix });
}

/** What a shell says of a program that is not there: a Node that nvm removed, or a vmssh. */
const gone = /(?:: | )(?:No such file or directory|not found|command not found.*)$/;
const newLines = 'vmssh config install, which names the vmssh that runs it';

const ourWords = /^vmssh(?: [\w-]+)?: (.*?)\r?\n(?:hint: (.*?)\r?$)?/m;

const otherCertificate = 'give the machine a new host certificate, from whoever signs them';

const ended: Readonly<Record<Reach, string>> = {
  nothing: 'ssh does not start',
  network: 'ssh has no Host of that name, and asks the network for it',
  proxy: "ssh's ProxyCommand gives it no connection",
  socket: 'ssh has a connection, and no SSH server answers',
  banner: 'ssh has a connection, which ends before the key exchange',
  'key exchange': 'ssh and sshd do not agree on a key exchange',
  'host key': 'ssh does not accept the host key',
  agent: 'ssh ends before the login',
  authentication: 'sshd answers, but refuses the login',
  session: 'sshd ends the session',
};

/** Whether ssh at a terminal would ask a person: there is no key, and none is refused. */
function isUnknownKey(stderr: string, settings: string): boolean {
  const policy = settingIn(settings, 'stricthostkeychecking');
  const isRefused =
    /REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED|requested strict checking|^KnownHostsCommand.* failed|^Certificate invalid/m;
  return (policy === 'ask' || policy === undefined) && asksPeople(settings) && !isRefused.test(stderr);
}

function asksPeople(settings: string): boolean {
  return settingIn(settings, 'batchmode') !== 'yes';
}

/** The verdict on a login whose command did not end well: an account for git or sftp has a command of its own. */
function ofSession({ end }: SshTry, user: string, message: string): Judged {
  const { code } = end;
  if (wantsNewPassword.test(end.stdout + end.stderr))
    return {
      ...{ state: 'skipped', reach: 'session', fix: 'log in by ssh at a terminal, and set one' },
      message: `sshd lets ${user} in, and first asks for a new password`,
    };
  if (code === null && takesTerminal.test(end.stdout))
    return {
      ...{ state: 'failed', reach: 'session', fix: onlyForPeople },
      message: `sshd lets ${user} in, and the session does not end: a start file of the shell there, such as ~/.bashrc, starts a program that takes the terminal, such as tmux or fish`,
    };
  if (code === null || code === 255 || /not available/i.test(message))
    return failed('session', `sshd lets ${user} in, and the session fails: ${message}`, {
      fix: "sshd's log in the machine says why (journalctl -u 'ssh*'); or name another account by --user",
    });
  const how = 'it has a command of its own in place of a shell, as accounts for git and sftp have';
  return {
    ...{ state: 'skipped', reach: 'session' },
    message: `sshd lets ${user} in, and ends the session with ${code}: ${message}; ${how}`,
  };
}

const onlyForPeople =
  'let it do so only in an interactive shell: case $- in *i*) exec tmux ;; esac; or name another account';

async function ofAuthentication(
  tried: SshTry,
  user: string,
  message: string,
  short: (path: string) => string,
  home: string,
): Promise<Judged> {
  const { said, settings } = tried;
  const { accepted, unsigned, isPartial, isRefused, methods, files, offered } = said;
  const reach = 'authentication';
  const isAsked = asksPeople(settings);
  const own = await ownCause(tried, short, home);
  const expired = own ? undefined : expiredCertificate(tried, short);
  // No file and no agent has one.
  const isOffering = offered.length > 0 || files.length === 0 || files.some(({ isThere }) => isThere);
  const hasNone = methods.includes('publickey') && !isOffering;
  const { fix } =
    own ??
    expired ??
    (hasNone ? { fix: goneFolder(join(home, '.ssh')) ?? 'ssh-keygen -t ed25519' } : guestFailures.login);
  if (isPartial && isAsked)
    return {
      ...{ state: 'skipped', reach, isOwn: true },
      message: `ssh would ask for a second factor (${methods.join(', ')})`,
    };
  const isClosed = /^Connection (?:closed|reset) by /.test(message);
  if (accepted && isClosed && unsigned === undefined && !isRefused)
    return failed(
      reach,
      `sshd takes ${short(accepted.name)}, and then ends the connection${lastWords(tried)}`,
      {
        fix: 'wait, if the machine is booting; else look in it as root at /run/nologin, and at the account by chage -l USER',
      },
    );
  const isFile = accepted && !accepted.isAgents && !isWithoutPrivate(accepted);
  if (isFile && unsigned === undefined && !isRefused && isAsked) {
    const asked = `ssh would ask for the passphrase of ${short(accepted.name)}, which was not tried`;
    return { state: 'skipped', reach, isOwn: true, message: asked };
  }
  if (/too many authentication/i.test(message))
    return failed(reach, `sshd refuses ${user}: ${message}${shownKeys(tried)}`, { fix: fewerKeys(said) });
  const mayAsk = isAsked && methods.includes('password') && takesPassword(settings);
  const asks = mayAsk ? ', but would ask for a password' : '';
  const none = hasNone ? 'you have no SSH key, and ' : expired ? `${expired.message}, and ` : '';
  const why = `${none}sshd lets no key of yours in as ${user}${asks}: ${message}${shownKeys(tried)}`;
  const asked = own && mayAsk ? `${own.message}; ssh would ask for a password` : own?.message;
  const state = mayAsk ? 'skipped' : 'failed';
  return { state, reach, fix, isOwn: own !== undefined, message: asked ?? why };
}

/** What sshd said after it took a key: a PAM that lets nobody in says why. */
function lastWords({ end }: SshTry): string {
  const after = end.stderr.slice(end.stderr.lastIndexOf('debug1: Server accepts key: '));
  const words = reasonsIn(after)
    .trim()
    .split(/\s*\n\s*/)
    .slice(0, -1);
  return words.length === 0 ? '' : `: ${words.join(' ').slice(0, 500)}`;
}

/** The first certificate that ssh has shown and whose time is over, from its file or its agent. */
export function expiredCertificate({ said, agent }: SshTry, short: (path: string) => string) {
  for (const { name, print } of said.offered) {
    const texts = [`${name}-cert.pub`, name].map((path) => readTextIfAny(path));
    for (const text of [...texts, ...agent.keys]) {
      const line = certificateLine(text);
      const certificate = line && certificateIn(line);
      if (!certificate || !print.endsWith(`-CERT ${pinPrint(certificate.plain)}`)) continue;
      const since = overSince(certificate);
      if (since === undefined) continue;
      const fix = 'get a new one where that one came from';
      return { message: `your certificate ${short(name)} has expired (${since})`, fix };
    }
  }
  return undefined;
}

function takesPassword(settings: string): boolean {
  const preferred = settingIn(settings, 'preferredauthentications');
  return (
    settingIn(settings, 'passwordauthentication') !== 'no' &&
    (preferred?.split(',').includes('password') ?? true)
  );
}

// sshd's MaxAuthTries is 6, and ssh offers all keys of the agent before one that is only a file.
function fewerKeys({ files, offered }: SshSaid): string {
  const left = files.find(({ path, isThere }) => isThere && !offered.some(({ name }) => name === path));
  const only = left
    ? 'ssh -o IdentitiesOnly=yes, or for all machines vmssh config install -o IdentitiesOnly=yes'
    : "only the agent has that: ssh-add -L | grep ' NAME$' > ~/.ssh/vm.pub saves its public part, then vmssh config install -o IdentityFile=~/.ssh/vm.pub -o IdentitiesOnly=yes";
  return `the ssh-agent offered more keys than sshd takes, before the right one: ${only}`;
}
