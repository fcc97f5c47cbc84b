import { join } from 'node:path';
import { readSafely } from '../files/place.js';
import { readBytes, readWithStats } from '../files/read-file.js';
import { reasonOf } from '../files/read-sync.js';
import { authoritiesFor, certificateIn, certifiedBy } from '../identity/certificate.js';
import type { KeyAnswer, KeyFacts } from '../identity/decide.js';
import { isIdAlias } from '../identity/identity.js';
import { type ShownKey, verdictOn } from '../identity/known-hosts.js';
import { type Pin, pinPrint, pinsIn, withRoots } from '../identity/pins.js';
import type { AskedPolicy } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import { cannotTell, type Explained, explainRefusal, notChecked } from '../identity/refusal.js';
import { asTarget, isNamed } from '../kinds/kinds.js';
import type { Env } from '../runtime.js';
import { slug } from '../typed/names.js';
import { type ShellPlace, shellQuoted } from '../typed/shell.js';
import { knownHostsFile, ownHome, sshFolder } from './folder.js';
import type { KeyOwner } from './key-owner.js';

/** All that this host knows of the keys of what was reached. */
export interface MachineKeys extends KeyOwner, Pick<KeyFacts, 'alias' | 'pins'> {
  /** Our file, if nobody said what was reached. */
  readonly unproved?: Buffer;
  /** The user's CAs for its names: "ssh-ed25519 AAAA…". */
  readonly authorities: readonly string[];
  /** What ssh looks it up by, and what was typed. */
  readonly hosts: readonly string[];
  readonly path: string;
  /** Our file, and the user's and the system's: the ones that have a line with a mark. */
  readonly files: readonly MarkedFile[];
  /** The files that the user's RevokedHostKeys name. */
  readonly revoked: readonly string[];
}

interface MarkedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Reads them. `config`: the file of ssh's -F. */
export async function machineKeys(
  owner: KeyOwner,
  env: Env,
  config?: string,
  roots: Promise<readonly Pin[]> = idPins(),
): Promise<MachineKeys> {
  const { text, machine } = owner.reached;
  const path = knownHostsFile(env);
  // Pins that cannot be read are not as none: nothing is accepted then.
  const own = await pinsFor(path, text);
  const { trusted, others, revoked } = await markedFiles(owner, config, env);
  const pins = withRoots(pinsIn(own, owner.aliases), await roots);
  const alias = owner.aliasIn(pins);
  const given = (all: readonly (string | undefined)[]) =>
    [...new Set(all)].filter((each) => each !== undefined);
  const hosts = given([owner.typed, owner.host, alias, text]);
  return {
    ...{ ...owner, alias, pins, hosts, path, revoked },
    ...(owner.isProved ? {} : { unproved: own }),
    // Whom another file names as a CA was not asked for this machine.
    authorities: authoritiesFor(
      hosts,
      [own, ...trusted.map(({ bytes }) => bytes)],
      given([...hosts, machine?.name, machine?.target]),
    ),
    files: [{ path, bytes: own }, ...trusted, ...others].filter(hasMark),
  };
}

/** The user's and the system's files with a mark: the usual ones, and those that the configuration names besides; and the lists of revoked keys. */
async function markedFiles({ reached: { text }, isKnownOnly }: KeyOwner, file: string | undefined, env: Env) {
  const own = ownHome(env);
  const asked = { env: own, platform: process.platform, file };
  const { knownHosts, lists: revoked } = isKnownOnly
    ? { knownHosts: [], lists: [] }
    : await (await import('./config/users-files.js')).filesOfRevoked(asked);
  const usual = [join(sshFolder(own), 'known_hosts'), systemKnownHosts];
  const more = knownHosts.filter((each) => !usual.includes(each));
  const [trusted, others] = await Promise.all([markedOf(usual, text), markedOf(more, text)]);
  return { trusted, others, revoked };
}

/** The facts for a key that was shown: by itself, or by its fingerprint only. `more`: further files with marks. */
export function factsFor(
  keys: MachineKeys,
  shown: ShownKey | string,
  more: readonly MarkedFile[] = [],
): KeyFacts {
  const certificate = typeof shown === 'string' ? undefined : certificateIn(shown);
  const print = typeof shown === 'string' ? shown : pinPrint(certificate?.plain ?? shown);
  // A certificate may be revoked itself, or its CA.
  const prints =
    typeof shown === 'string' || !certificate
      ? [print]
      : [print, pinPrint(shown), pinPrint({ key: certificate.ca })];
  const { alias, meant, names, alike, pins, hosts, unproved } = keys;
  const reached = keys.isProved ? keys.reached : undefined;
  const files = [...keys.files, ...more];
  return {
    ...{ reached, alias, meant, names, alike, pins, shown: print },
    revokedIn: files.find(({ bytes }) =>
      prints.some((each) => hosts.some((host) => verdictOn(each, host, bytes) === 'revoked')),
    )?.path,
    byName: unproved && verdictOn(print, keys.host ?? keys.reached.text, unproved),
    certifiedBy: certifiedBy(certificate, hosts, keys.authorities),
    brought: reached?.brought && pinPrint(reached.brought),
    made: keys.made && pinPrint(keys.made),
    manager: undefined,
  };
}

/** What a login by an unknown key is asked for, and whether one of the files that it names revokes the key. */
export async function withRevoked(
  keys: MachineKeys,
  shown: ShownKey | string,
  policy: LoginPolicy,
): Promise<AskedPolicy & Pick<KeyFacts, 'revokedIn'>> {
  const { knownHosts, ...asked } = policy;
  const more = await markedOf(knownHosts, keys.reached.text);
  return { ...asked, revokedIn: factsFor(keys, shown, more).revokedIn };
}

/** What ssh says of a login, with the known_hosts files that its configuration names. */
export interface LoginPolicy extends AskedPolicy {
  readonly knownHosts: readonly string[];
}

/** No key counts that is not known, and nobody is asked. */
export const strictly: LoginPolicy = { policy: 'strict', takesAny: false, caAlgorithms: [], knownHosts: [] };

/** What is in our file, or why nothing in it counts, with the fix: others may have written there, or it cannot be read. */
export async function ownPins(path: string): Promise<Buffer | Readonly<Record<'problem' | 'fix', string>>> {
  const quoted = shellQuoted(path);
  const wrong = (why: string, fix: string) => ({
    problem: `${path} ${why}, so no host key in it counts`,
    fix,
  });
  try {
    const file = await readSafely(path);
    if (!file) return Buffer.alloc(0);
    const { uid, mode, bytes } = file;
    const own = process.getuid?.();
    if (own === undefined) return bytes;
    const isOthers = uid !== own && uid !== 0;
    if (!isOthers && (mode & 0o022) === 0) return bytes;
    const why = isOthers
      ? `belongs to user ${uid}`
      : `may be changed by others: its mode is 0${mode.toString(8)}`;
    return wrong(why, `see whether its lines are yours, then: chown ${own} ${quoted} && chmod 600 ${quoted}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // HOME=/dev/null.
    if (code === 'ENOTDIR') return Buffer.alloc(0);
    if (!(error instanceof Error) || code === undefined) throw error;
    return wrong(`cannot be read: ${reasonOf(error)}`, `see what it is, then: mv -i ${quoted} ${quoted}.old`);
  }
}

export const systemKnownHosts = '/etc/ssh/ssh_known_hosts';

/** The keys of machines of this host by their UUIDs, `vmssh-UUID KEY`: root's word. Of a file that others may change nothing counts. */
export async function idPins(path: string = systemKnownHosts, owner = 0): Promise<readonly Pin[]> {
  try {
    const { bytes, stats } = await readWithStats(path);
    if (stats.uid !== owner || (stats.mode & 0o022) !== 0 || !bytes.toString('latin1').includes('vmssh-'))
      return [];
    return pinsById(bytes);
  } catch {
    return [];
  }
}

/** Of the machines of this host, by their UUIDs. */
export function pinsById(bytes: Buffer): readonly Pin[] {
  return pinsIn(bytes).filter(({ alias }) => isIdAlias(alias) && !alias.includes('%'));
}

/** What is in our file, for a login at `text`. If nothing in it counts, no key is known, and none is accepted. */
async function pinsFor(path: string, text: string): Promise<Buffer> {
  const pins = await ownPins(path);
  if (Buffer.isBuffer(pins)) return pins;
  throw notChecked(text, pins.problem, pins.fix);
}

async function markedOf(paths: readonly string[], text: string): Promise<readonly MarkedFile[]> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readBytes(path).catch((error) => {
        // Of one that is there a mark could be lost.
        if (!['ENOENT', 'ENOTDIR'].includes(error.code)) throw cannotTell(text, path, error.message);
        return Buffer.alloc(0);
      });
      return { path, bytes };
    }),
  );
  return files.filter(hasMark);
}

/** Such files may be long, and only CAs and revoked keys are looked for in them. */
function hasMark({ bytes }: MarkedFile): boolean {
  const text = bytes.toString('latin1');
  return text.includes('@') && /^[ \t]*@/m.test(text);
}

export type Refused = Pick<Extract<KeyAnswer, { do: 'refuse' }>, 'why' | 'file'>;

/** Why a key of the machine is refused, and the fix. `typed`: what the user typed, without a user. */
export function refusalOf(refused: Refused, keys: MachineKeys, typed: string, place: ShellPlace): Explained {
  const { why, file } = refused;
  const { reached, made, path, pins, alias } = keys;
  const { silent } = reached;
  const names = { typed, forget: nameToForget(reached, typed), made: made?.keys.name, silent, path, file };
  const explained = explainRefusal(why, names, place);
  if (why !== 'changed' || !pins.some((pin) => pin.isRoots && pin.alias === alias)) return explained;
  const hint = `${systemKnownHosts} has its key: whoever administers this host can change it`;
  return { ...explained, hint };
}

/** What `vmssh forget` takes for a machine that was reached by `typed`, which may be its address or any Host of the user's own. */
export function nameToForget(reached: ReachedRecord | undefined, typed: string): string {
  const target = asTarget(typed);
  const { text = typed, machine } = reached ?? {};
  const own = [machine?.name ?? typed, slug(machine?.name ?? typed)].map((each) => each.toLowerCase());
  const isKnown = target ? isNamed(target) : own.includes(typed.toLowerCase());
  return isKnown ? typed : (machine?.target ?? text);
}
