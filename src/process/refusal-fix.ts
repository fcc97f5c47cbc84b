import { existsSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { shellQuoted } from '../typed/shell.js';
import { noAccount, otherLibrary } from './ssh-program.js';

/** Who asks, and how a file of ssh's is looked at. */
export interface RefusalEffects {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  readonly look: (path: string) => Pick<Stats, 'uid'> | undefined;
  /** The path without links. */
  readonly real: (path: string) => string | undefined;
  /** Whether this user namespace has no number for some owners. */
  readonly hidesOwners: () => boolean;
}

// Asked when called: the executable evaluates its modules when it is built.
const here = (): RefusalEffects => ({
  platform: process.platform,
  uid: process.getuid?.() ?? 0,
  look: (path) => (existsSync(path) ? statSync(path) : undefined),
  real: (path) => (existsSync(path) ? realpathSync(path) : undefined),
  hidesOwners: () => !/^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8')),
});

/** What to do where ssh refuses its own configuration, by its words, with or without -v; undefined: they do not say. */
export function refusalFix(text: string, effects: Partial<RefusalEffects> = {}): string | undefined {
  const said = text.replace(/^debug\d: .*$/gm, '');
  if (noAccount.test(said)) return 'ssh runs for no user without an entry in /etc/passwd: add one';
  if (otherLibrary.test(said))
    return 'unset LD_LIBRARY_PATH, which leads ssh to another library than its own, as conda and modules do';
  if (/: setresgid \d+: Operation not permitted/.test(said)) return groupFix;
  if (noGroups.test(said))
    return 'in this user namespace ssh may not start vmssh for the host key: as root vmssh ssh NAME, or ssh -o KnownHostsCommand=none NAME';
  const [, closed] = /^Bad owner or permissions on (.+?)\r?$/im.exec(said) ?? [];
  if (closed !== undefined) return ownerFix(closed, { ...here(), ...effects });
  const [, unread] = /^Can't open user config file (.+?): Permission denied\r?$/im.exec(said) ?? [];
  if (unread !== undefined)
    return `sudo chown "$(id -un)" ${shellQuoted(unread)} && chmod 600 ${shellQuoted(unread)}`;
  if (/ the command of a Match exec: /.test(said))
    return "in ssh's configuration write timeout 2 in front of that command";
  if (/_expand: unknown key %/.test(said))
    return 'a path of ssh, such as HOME, has a "%", which ssh expands: name your key by IdentityFile, with %% for each %';
  const [, variable] = /env var \$\{(\w+)\} has no value/.exec(said) ?? [];
  if (variable) return `export ${variable}=..., as where you logged in, or write the path there in its place`;
  // Of a name without a network ssh says "hostname".
  if (/Could not resolve host "/.test(said))
    return 'put CanonicalizeHostname below the Include of vmssh.conf: with CanonicalizeFallbackLocal no ssh connects to no name that a DNS does not know';
  const [, file, line] = /^(.+?):? line (\d+): /m.exec(said) ?? [];
  if (file === undefined || file === 'command-line') return undefined;
  if (/line 1: Bad configuration option: \\357\\273\\277/.test(said))
    return `sed -i '1s/^\\xef\\xbb\\xbf//' ${shellQuoted(file)}, which takes out the byte order mark that an editor put there`;
  if (!ourFile.test(basename(file))) return `correct or remove line ${line} of ${file}`;
  return 'vmssh config install writes it for this ssh; in a home that hosts share, run it with the oldest of theirs';
}

/** Where setgroups is denied, or the group of the password database is not to be had: ssh takes it first (subprocess() in its misc.c). */
export const noGroups = /^KnownHostsCommand-\w+: (?:initgroups\(|setresgid )/m;

const ownStatus = '/proc/self/status';

/** What is wrong after newgrp or sg, and in a desktop that was started with another group. `gid`: that of the password database; `status`: of this process. */
export function otherGroup(
  gid: number | undefined,
  status = existsSync(ownStatus) ? readFileSync(ownStatus, 'utf8') : '',
) {
  const [, uid, ...own] = /^Uid:\t(\d+)[\s\S]*^Gid:\t(\d+)\t(\d+)\t(\d+)/m.exec(status) ?? [];
  if (gid === undefined || uid === undefined || uid === '0' || own.includes(`${gid}`)) return undefined;
  const problem = `this group is ${own[0]}, and that of the password database ${gid}, as after newgrp or sg: ssh starts no vmssh for the host key`;
  return { problem, fix: groupFix };
}

const groupFix =
  'newgrp, without a name, gives this shell the group of the password database again; or log in anew; or ssh -o KnownHostsCommand=none NAME';

const ourFile = /^(?:00-)?vmssh\.conf$/;

/** ssh reads a file of root's or of its user's that nobody else may write. */
function ownerFix(path: string, here: RefusalEffects): string | undefined {
  const { platform, uid, look, real, hidesOwners } = here;
  const file = shellQuoted(path);
  if (platform === 'win32')
    return `nobody but you may write it: see icacls "${look(path) ? path : dirname(path)}"`;
  const drive = real(path);
  if (platform === 'linux' && drive && /^\/mnt\/[a-z]\//.test(drive))
    return `in /etc/wsl.conf under [automount] write options = metadata; then wsl.exe --shutdown, and chmod 600 ${shellQuoted(drive)}`;
  const owner = look(path)?.uid;
  if (owner === undefined) return undefined;
  const sudo = uid === 0 ? '' : 'sudo ';
  if (owner === uid || owner === 0) return `${owner === uid ? '' : sudo}chmod go-w ${file}`;
  if (look(dirname(path))?.uid === uid)
    return `a copy of your own in its place: cp ${file} ${file}.own && mv -f ${file}.own ${file} && chmod 600 ${file}`;
  if (owner === nobody && platform === 'linux' && hidesOwners())
    return 'its owner has no number in this user namespace, which only root outside can change: ssh -F ~/.ssh/config NAME reads no file of /etc/ssh';
  return `${sudo}chown root ${file}`;
}

/** The number that the kernel shows for an owner without one. */
const nobody = 65_534;
