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

/** Why a login fails, and what to do about it on this host or in the machine. */
interface Cause {
  readonly message: string;
  readonly fix?: string | undefined;
  /** The guest's side has no part in it. */
  readonly isOwn?: true;
}

/** What on this host keeps ssh from a key that sshd may take. */
export async function ownCause(
  tried: SshTry,
  short: (path: string) => string,
  home: string,
): Promise<Cause | undefined> {
  const { said, agent, settings, end } = tried;
  const { accepted, unsigned, methods, offered, skipped, unmatched, files } = said;
  const setting = await keysOff(settings, said);
  if (setting && methods.includes('publickey')) return setting;
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
export async function otherProxy({ settings, said, end }: SshTry): Promise<Cause | undefined> {
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
  if (where === undefined && dirname(gone.path) === folder) return undefined;
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

const keywords: Readonly<Record<string, string>> = {
  'host key type': 'HostKeyAlgorithms',
  'key exchange method': 'KexAlgorithms',
  cipher: 'Ciphers',
  MAC: 'MACs',
};

/** Of ssh's last words, "… no matching cipher found. Their offer: 3des-cbc"; undefined: they are others. */
export async function noneInCommon(message: string, said: SshSaid): Promise<Cause | undefined> {
  const [, what = '', offer = ''] =
    /no matching ([\w ]+) found(?:\. Their offer: (\S+))?/.exec(message) ?? [];
  const keyword = keywords[what];
  if (keyword === undefined) return undefined;
  const where = await whereSet(keyword.toLowerCase(), said);
  // What a distribution sets for all is no line to take out.
  if (where !== undefined && !where.startsWith('/etc/'))
    return {
      message: `${message}: ${keyword} in ${where} has none of these`,
      fix: `take ${keyword} out of ${where}`,
    };
  // Beside the algorithms a list of key exchanges has names of extensions; what else stands there is the server's, and in no command.
  const isName = (each: string) => /^\w[\w@.-]*$/.test(each) && !/^(kex-strict|ext-info)-/.test(each);
  const first = offer.split(',').find(isName);
  if (keyword === 'HostKeyAlgorithms' && !/^ssh-(rsa|dss)$/.test(first ?? ''))
    return { message: `${message}: ${ownPolicy}`, fix: allHostKeys, isOwn: true };
  const fix = first === undefined ? newer : `if you trust so old an sshd: ${withOption(keyword, first)}`;
  return { message: `${message}: ${isOld}`, fix };
}

/** Of an RSA key that ssh has no signature for which sshd knows. */
function noSignature(file: string): Cause {
  return {
    message: `ssh makes no signature that sshd there takes with ${file}: ${isOld}`,
    fix: `ssh-keygen -t ed25519, then vmssh setup; or if you trust so old an sshd: ${withOption('PubkeyAcceptedAlgorithms', 'ssh-rsa')}`,
  };
}

/** Of a key that ssh leaves out by its type. */
function leftOut(file: string): Cause {
  return {
    message: `ssh does not offer ${file}: ${ownPolicy}`,
    fix: 'a key of another type: ssh-keygen -t ecdsa, then vmssh setup',
  };
}

/** A KnownHostsCommand that is not ours, and has failed. */
export async function othersKeyCommand(stderr: string, said: SshSaid): Promise<Cause | undefined> {
  const [line] = /^KnownHostsCommand-\w+ .* failed, status \d+/m.exec(stderr) ?? [];
  if (line === undefined || / host-key /.test(line)) return undefined;
  const where = await whereSet('knownhostscommand', said);
  const which = where ? `the KnownHostsCommand of ${where}` : 'that KnownHostsCommand';
  return { message: line, fix: `put ${which} below the Include of vmssh.conf` };
}

function withOption(keyword: string, algorithm: string): string {
  return `ssh -o ${keyword}=+${algorithm} NAME; for good, at the end of ~/.ssh/config: Host NAME, and below it ${keyword} +${algorithm}`;
}

const ownPolicy = 'the ssh here takes no key of that type, as with FIPS';
const isOld = 'sshd there is older than what this ssh takes by itself';
const newer = 'give the machine a newer sshd';
const allHostKeys =
  'in the machine, as root: ssh-keygen -A, which makes a key of each type, and start sshd again';
