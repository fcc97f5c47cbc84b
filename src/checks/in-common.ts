import type { SshSaid } from '../process/ssh-log.js';
import { whereSet } from '../ssh/config/users-files.js';

/** Why ssh and sshd, or ssh and a key, have no algorithm in common, and what to do about it on this host or in the machine. */
export interface NoneInCommon {
  readonly message: string;
  readonly fix: string;
  /** The guest's side has no part in it. */
  readonly isOwn?: true;
}

const keywords: Readonly<Record<string, string>> = {
  'host key type': 'HostKeyAlgorithms',
  'key exchange method': 'KexAlgorithms',
  cipher: 'Ciphers',
  MAC: 'MACs',
};

/** Of ssh's last words, "… no matching cipher found. Their offer: 3des-cbc"; undefined: they are others. */
export async function noneInCommon(message: string, said: SshSaid): Promise<NoneInCommon | undefined> {
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
export function noSignature(file: string): NoneInCommon {
  return {
    message: `ssh makes no signature that sshd there takes with ${file}: ${isOld}`,
    fix: `ssh-keygen -t ed25519, then vmssh setup; or if you trust so old an sshd: ${withOption('PubkeyAcceptedAlgorithms', 'ssh-rsa')}`,
  };
}

/** Of a key that ssh leaves out by its type. */
export function leftOut(file: string): NoneInCommon {
  return {
    message: `ssh does not offer ${file}: ${ownPolicy}`,
    fix: 'a key of another type: ssh-keygen -t ecdsa, then vmssh setup',
  };
}

/** A KnownHostsCommand that is not ours, and has failed. */
export async function othersKeyCommand(stderr: string, said: SshSaid): Promise<NoneInCommon | undefined> {
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
