import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type OfferedKey, reasonsIn, type SshSaid } from '../process/ssh-log.js';
import { settingIn } from '../process/ssh-program.js';
import { sshByFile, usualKeys, whereSet } from '../ssh/config/users-files.js';
import { callsProxy } from '../ssh/config/word.js';
import { shellQuoted } from '../typed/shell.js';
import { unsignedFix } from './agent.js';
import { keysBeside, otherPublic, whyNotLoaded } from './own-keys.js';
import type { SshTry } from './users-ssh.js';

interface OwnCause {
  readonly message: string;
  readonly fix?: string | undefined;
}

/** What on this host keeps ssh from a key that sshd may take. */
export async function ownCause(
  tried: SshTry,
  short: (path: string) => string,
  home: string,
): Promise<OwnCause | undefined> {
  const { said, agent, settings, end } = tried;
  const { accepted, unsigned, methods, offered, skipped, unmatched, files } = said;
  const setting = await keysOff(settings, said);
  if (setting && methods.includes('publickey')) return setting;
  const { leftOut, noSignature } = await import('./in-common.js');
  if (skipped !== undefined && offered.length === 0) return leftOut(short(skipped));
  if (unmatched !== undefined && !accepted) return noSignature(short(unmatched));
  // A server may print such a line, too.
  const [, path = ''] = /^Load key "(.*)": (?:error in libcrypto|invalid format)/m.exec(end.stderr) ?? [];
  const unloaded = files.some((file) => file.path === path) ? whyNotLoaded(path) : undefined;
  if (unloaded) return { message: `ssh cannot read ${short(path)}: ${unloaded.problem}`, fix: unloaded.fix };
  const shown = files.filter(({ path }) => offered.some(({ name, isAgents }) => name === path && !isAgents));
  const [stale] = accepted ? [] : shown.flatMap(({ path }) => otherPublic(path) ?? []);
  if (stale) return { message: stale.problem, fix: stale.fix };
  if (accepted && unsigned !== undefined)
    return {
      message: `sshd takes ${accepted.name === '(none)' ? accepted.print : short(accepted.name)}, but ssh cannot use it: ${unsigned}`,
      fix: unsignedFix(unsigned),
    };
  if (accepted && isWithoutPrivate(accepted))
    return {
      message: `sshd takes ${short(accepted.name)}, whose private key is not here, but only ${basename(accepted.name)}.pub`,
      fix: 'put it there, or give an agent that key',
    };
  if (methods.length > 0 && methods.every((method) => method.startsWith('gssapi')))
    return { message: 'sshd takes Kerberos alone, and ssh has no ticket for it', fix: 'kinit' };
  const left = methods.includes('publickey') ? await keyLeftOut(said, join(home, '.ssh')) : undefined;
  if (left) return left;
  const isNone = offered.length === 0 && !files.some(({ isThere }) => isThere);
  const [beside] = isNone
    ? keysBeside(
        join(home, '.ssh'),
        files.map(({ path }) => path),
      )
    : [];
  if (beside !== undefined) {
    const key = shellQuoted(beside);
    const fix = `ssh -i ${key} NAME; for good vmssh setup --key ${key}.pub NAME`;
    return { message: `ssh offers no key: it does not try ${short(beside)} by itself`, fix };
  }
  if (!accepted && agent.problem !== undefined && methods.includes('publickey')) {
    const isLast = offered.length === 0;
    return {
      message: `${agent.problem}${isLast ? '' : `, and sshd takes no other key of yours${shownKeys(tried)}`}`,
      fix: agent.fix,
    };
  }
  return undefined;
}

/** A ProxyJump or ProxyCommand of the user's own, by which ssh goes in place of vmssh. */
export async function otherProxy({ settings, said, end }: SshTry): Promise<OwnCause | undefined> {
  const jump = settingIn(settings, 'proxyjump');
  const keyword = jump === undefined ? 'ProxyCommand' : 'ProxyJump';
  const value = jump ?? settingIn(settings, 'proxycommand') ?? 'none';
  if (value === 'none' || callsProxy(value)) return undefined;
  const where = await whereSet(keyword.toLowerCase(), said);
  const [first = ''] = reasonsIn(end.stderr).trim().split('\n');
  return {
    message: `ssh goes by ${keyword} ${value}${where ? ` (${where})` : ''}, and not by vmssh: ${first.trim()}`,
    fix: `put that ${keyword} below the Include of vmssh.conf, or leave this host out of it: Host * !NAME`,
  };
}

/** ssh offers the public key of a file, and then finds no private one. */
export function isWithoutPrivate({ name, isAgents }: OfferedKey): boolean {
  return !isAgents && existsSync(`${name}.pub`) && !existsSync(name);
}

/** Where no IdentityFile, or no file of the home that ssh uses, is there, and a key of the user's is. */
async function keyLeftOut(said: SshSaid, folder: string) {
  const { files, offered } = said;
  const [gone] = files;
  if (gone === undefined || offered.length > 0 || files.some(({ isThere }) => isThere)) return undefined;
  const key = usualKeys(folder).find((path) => !files.some((file) => file.path === path));
  if (key === undefined) return undefined;
  const where = await whereSet('identityfile', said);
  const none = 'ssh has no key to offer';
  if (where === undefined)
    return {
      message: `${none}: it looks in ${dirname(gone.path)}, by the password database, and not in ${folder}, where HOME leads`,
      fix: `name both: ${sshByFile(join(folder, 'config'))} NAME`,
    };
  return {
    message: `${none}: IdentityFile (${where}) is ${gone.path}, which is not there, and takes the place of ${key}`,
    fix: `add IdentityFile ${key} beside it, or take it out`,
  };
}

/** A setting of this host by which ssh offers no key, with its file and line. */
async function keysOff(settings: string, said: SshSaid) {
  const preferred = settingIn(settings, 'preferredauthentications');
  const isOff = /^(no|false)$/.test(settingIn(settings, 'pubkeyauthentication') ?? '');
  const isElse = preferred !== undefined && !preferred.split(',').includes('publickey');
  if (!isOff && !isElse) return undefined;
  const keyword = isOff ? 'PubkeyAuthentication' : 'PreferredAuthentications';
  const where = await whereSet(keyword.toLowerCase(), said);
  const line = `${keyword} ${isOff ? 'no' : preferred}`;
  return {
    message: `ssh offers no key: ${line} is this host's own setting${where ? ` (${where})` : ''}`,
    fix: where ? `take ${line} out of ${where}` : `take ${line} out of your ssh configuration`,
  };
}

/** What ssh has offered, for a person. */
export function shownKeys({ said: { offered, files }, agent: { unset } }: SshTry): string {
  const none = unset && !files.some(({ isThere }) => isThere) ? `: no key file, and ${unset} is not set` : '';
  if (offered.length === 0) return `; ssh has none to offer${none}`;
  const shown = offered
    .slice(0, 8)
    .map(({ name, print, isAgents }) => `${name} ${print}${isAgents ? ' agent' : ''}`);
  return offered.length === 1
    ? `; ssh offers ${shown.join('')}`
    : `; ssh offers ${offered.length} keys, first these: ${shown.join(', ')}`;
}
