import { join } from 'node:path';
import type { Env, Here } from '../base/runtime.js';
import { isIdAlias } from '../book/identity.js';
import { readSafely } from '../files/place.js';
import { readBytes, readWithStats } from '../files/read-file.js';
import { reasonOf } from '../files/read-sync.js';
import { asTarget, isNamed } from '../kinds/kinds.js';
import { authoritiesFor, type Certificate, certificateIn, isValidFor } from '../ssh/certificate.js';
import { inboxOf, knownHostsFile, ownHome, sshFolder } from '../ssh/folder.js';
import {
  filedVerdict,
  isFor,
  type KeyLine,
  linesWithKey,
  nameBytes,
  type ShownKey,
} from '../ssh/known-hosts.js';
import { slug } from '../typed/names.js';
import { shellQuoted } from '../typed/shell.js';
import type { KeyFacts, MachinePins, Refusal } from './decide.js';
import { inboxPins } from './inbox.js';
import type { KeyOwner } from './key-owner.js';
import { type Pin, pinPrint, pinsIn, withRoots } from './pins.js';
import type { ReachedRecord } from './record.js';
import { cannotTell, type Explained, explainRefusal, notChecked } from './refusal.js';

/** All that this host knows of the keys of what was reached. */
export interface MachineKeys extends KeyOwner, MachinePins {
  /** The CAs for the name that ssh looks up: "ssh-ed25519 AAAA…". */
  readonly authorities: readonly string[];
  readonly path: string;
  /** What ssh has added, and not yet in our file. */
  readonly inbox: Buffer;
  /** The files that ssh reads, and the user's and the system's: those of others only with a mark. */
  readonly files: readonly KnownHosts[];
  /** The files that the user's RevokedHostKeys name. */
  readonly revoked: readonly string[];
}

interface KnownHosts {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Reads them. */
export async function machineKeys(
  owner: KeyOwner,
  env: Env,
  roots: Promise<readonly Pin[]> = idPins(owner.aliases),
): Promise<MachineKeys> {
  const { text } = owner.reached;
  const path = knownHostsFile(env);
  // Pins that cannot be read are not as none: nothing is accepted then.
  const [own, inbox] = await Promise.all([bytesFor(path, text), bytesFor(inboxOf(path), text)]);
  const { marked, revoked } = await markedFiles(owner, env);
  const ours = pinsIn(own, owner.aliases);
  const isOurs = (pin: Pin) => ours.some(({ alias, key }) => alias === pin.alias && key === pin.key);
  const bySsh = inboxPins(inbox).filter((pin) => !isOurs(pin));
  const pins = withRoots([...ours, ...bySsh], await roots);
  const alias = owner.aliasIn(pins);
  const files = [{ path, bytes: own }, { path: inboxOf(path), bytes: inbox }, ...marked];
  return {
    ...{ ...owner, alias, pins, path, inbox, revoked },
    authorities: authoritiesFor(
      lookedUp(owner),
      files.map(({ bytes }) => bytes),
    ),
    files,
  };
}

/** The user's and the system's files with a mark, and the lists of revoked keys: before the key exchange only of the usual files. */
async function markedFiles({ reached: { text }, isKnownOnly }: KeyOwner, env: Env) {
  const own = ownHome(env);
  const usual = [join(sshFolder(own), 'known_hosts'), systemKnownHosts];
  if (isKnownOnly) return { marked: await markedOf(usual, text), revoked: [] };
  const { filesOfRevoked } = await import('../ssh/config/users-files.js');
  const { knownHosts, lists: revoked } = await filesOfRevoked({ env: own, platform: process.platform });
  return { marked: await markedOf([...new Set([...usual, ...knownHosts])], text), revoked };
}

/** The facts for a key that was shown: by itself, or by its fingerprint only. `keepsNone`: ssh reads none of our files for it. */
export function factsFor(keys: MachineKeys, shown: ShownKey | string, keepsNone = false): KeyFacts {
  const certificate = typeof shown === 'string' ? undefined : certificateIn(shown);
  const print = typeof shown === 'string' ? shown : pinPrint(certificate?.plain ?? shown);
  // A certificate may be revoked itself, or its CA.
  const prints =
    typeof shown === 'string' || !certificate
      ? [print]
      : [print, pinPrint(shown), pinPrint({ key: certificate.ca })];
  const { alias, aliases, meant, names, alike, pins, files, path, typed, host: name } = keys;
  const reached = keys.isProved ? keys.reached : undefined;
  const host = lookedUp(keys);
  // What ssh looks it up by, what was typed, and the names of its keys.
  const hosts = [typed, name, alias, keys.reached.text, ...aliases].flatMap((each) => each ?? []);
  const isRevoked = ({ marker, key, hosts: list }: KeyLine) =>
    marker === '@revoked' &&
    prints.includes(pinPrint({ key })) &&
    hosts.some((host) => isFor(nameBytes(host), list));
  // Names that differ in case alone are one to ssh.
  const isOthers = () =>
    alias !== undefined && inboxPins(keys.inbox, host).some((pin) => pin.alias !== alias);
  const read = files.filter((file) => [path, inboxOf(path)].includes(file.path)).map(({ bytes }) => bytes);
  return {
    ...{ reached, alias, meant, names, alike, pins, shown: print },
    revokedIn: files.filter(hasMark).find(({ bytes }) => linesWithKey(bytes).some(isRevoked))?.path,
    certified: certificate && caOf(certificate, keys) ? isValidFor(certificate, host) : undefined,
    ...(keepsNone ? {} : { filed: () => (isOthers() ? 'another' : filedVerdict(print, host, joined(read))) }),
    brought: reached?.brought && pinPrint(reached.brought),
    made: keys.made && pinPrint(keys.made),
    manager: undefined,
  };
}

/** The last line of a file may be without its end. */
function joined(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((bytes) => [bytes, Buffer.from('\n')]));
}

function lookedUp({ host, typed, reached }: KeyOwner): string {
  return host ?? typed ?? reached.text;
}

/** The CA of a certificate, if one for the name that ssh looks up: "ssh-ed25519 AAAA…". */
export function caOf({ ca }: Certificate, { authorities }: MachineKeys): string | undefined {
  return authorities.find((line) => line.split(' ')[1] === ca);
}

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
    const open = `sudo chown "$(id -un)" ${quoted} && chmod 600 ${quoted}`;
    const own = code === 'EACCES' ? open : `mv -i ${quoted} ${quoted}.old`;
    return wrong(`cannot be read: ${reasonOf(error)}`, `see what it is, then: ${own}`);
  }
}

export const systemKnownHosts = '/etc/ssh/ssh_known_hosts';

/**
 * The keys of machines of this host by their UUIDs, `vmssh-UUID KEY`, and of those in `known` also by hashed names: root's word. Of a
 * file that others may change nothing counts.
 */
export async function idPins(
  known: readonly string[],
  path: string = systemKnownHosts,
  owner = 0,
): Promise<readonly Pin[]> {
  try {
    const { bytes, stats } = await readWithStats(path);
    if (stats.uid !== owner || (stats.mode & 0o022) !== 0) return [];
    if (!/vmssh-|^\|1\|/m.test(bytes.toString('latin1'))) return [];
    return pinsById(bytes, known.filter(isIdAlias));
  } catch {
    return [];
  }
}

/** Of the machines of this host, by their UUIDs. */
export function pinsById(bytes: Buffer, known: readonly string[] = []): readonly Pin[] {
  return pinsIn(bytes, known).filter(({ alias }) => isIdAlias(alias) && !alias.includes('%'));
}

/** What is in a file of ours, for a login at `text`. If nothing in it counts, no key is known, and none is accepted. */
async function bytesFor(path: string, text: string): Promise<Buffer> {
  const pins = await ownPins(path);
  if (Buffer.isBuffer(pins)) return pins;
  throw notChecked(text, pins.problem, pins.fix);
}

async function markedOf(paths: readonly string[], text: string): Promise<readonly KnownHosts[]> {
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

/** Such files may be long, and only CAs and revoked keys are looked for in others' files. */
function hasMark({ bytes }: KnownHosts): boolean {
  const text = bytes.toString('latin1');
  return text.includes('@') && /^[ \t]*@/m.test(text);
}

export interface Refused {
  /** The file that revokes it. */
  readonly file?: string;
  /** "unknown": by who takes no key that nobody vouches for. */
  readonly why: Refusal | 'unknown';
}

/** Why a key of the machine is refused, and the fix. `typed`: what the user typed, without a user. */
export function refusalOf(refused: Refused, keys: MachineKeys, typed: string, place: Here): Explained {
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
