import { join } from 'node:path';
import { readSafely } from '../files/place.js';
import { readBytes, readWithStats } from '../files/read-file.js';
import { reasonOf } from '../files/read-sync.js';
import { authoritiesFor, certificateIn, certifiedBy, type ShownKey } from '../identity/certificate.js';
import type { KeyAnswer, KeyFacts } from '../identity/decide.js';
import type { Identified } from '../identity/identity.js';
import {
  aliasAmong,
  exact,
  hostKeyAlias,
  isIdAlias,
  namesAlike,
  namesOf,
  uuidAlias,
} from '../identity/identity.js';
import { verdictOn } from '../identity/known-hosts.js';
import { type Pin, pinPrint, pinsIn, withRoots } from '../identity/pins.js';
import type { AskedPolicy } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import { cannotTell, explainRefusal, notChecked } from '../identity/refusal.js';
import { asTarget, isNamed } from '../kinds/kinds.js';
import type { Env } from '../runtime.js';
import { slug } from '../typed/names.js';
import { type ShellPlace, shellQuoted } from '../typed/shell.js';
import { nameOf, type ViaTarget } from '../typed/target.js';
import { knownHostsFile, ownHome, sshFolder } from './folder.js';
import { type GuestKeys, guestKeysFor, madeHostKey, madeKeysOf } from './guest-keys.js';

/** All that this host knows of the keys of what was reached. */
export interface MachineKeys extends Pick<KeyFacts, 'alias' | 'meant' | 'names' | 'alike' | 'pins'> {
  /** Of what nobody said is reached: only what was typed. */
  readonly reached: ReachedRecord;
  /** Our file, if nobody said it, and the name by which ssh looks the key up. */
  readonly unproved?: { readonly file: Buffer; readonly host: string };
  /** The key that `guest credentials` made: no other is accepted. */
  readonly made?: { readonly keys: GuestKeys; readonly type: string; readonly key: string };
  /** The user's CAs for its names: "ssh-ed25519 AAAA…". */
  readonly authorities: readonly string[];
  /** What ssh looks it up by, and what was typed. */
  readonly hosts: readonly string[];
  /** Our known_hosts file. */
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

interface Asked {
  /** What the user typed, a Host or a target. */
  readonly typed?: string;
  /** The name by which ssh looks the key up. */
  readonly host?: string;
  /** Only the known keys, for which no program is asked, and not which ones are revoked. */
  readonly isKnownOnly?: boolean;
  /** The file of ssh's -F. */
  readonly config?: string | undefined;
}

/** Reads them. `proved`: what a proxy said that it has reached. */
export async function machineKeys(
  proved: ReachedRecord | undefined,
  { typed, host, isKnownOnly = false, config }: Asked,
  env: Env,
  roots: Promise<readonly Pin[]> = idPins(),
): Promise<MachineKeys> {
  const reached = proved ?? { text: typed ?? host ?? '' };
  const { text, machine } = reached;
  const path = knownHostsFile(env);
  // Pins that cannot be read are not as none: nothing is accepted then.
  const own = await pinsFor(path, text);
  const { trusted, others, revoked } = await markedFiles(text, isKnownOnly, config, env);
  const owner = proved ? await ownerOf(proved, typed, !isKnownOnly, env) : nobody;
  const { identified, meant, names, alike = [], made } = owner;
  const byName = [...names, ...alike].map((name) => `vmssh-${name}`);
  const found = pinsIn(own, [identified && hostKeyAlias(identified), meant, ...byName]);
  const pins = withRoots(found, await roots);
  const alias = identified && aliasAmong(identified, names, pins);
  const given = (all: readonly (string | undefined)[]) =>
    [...new Set(all)].filter((each) => each !== undefined);
  const hosts = given([typed, host, alias, text]);
  return {
    ...{ reached, alias, meant, names, alike, made, pins, hosts, path, revoked },
    ...(proved ? {} : { unproved: { file: own, host: host ?? text } }),
    // Whom another file names as a CA was not asked for this machine.
    authorities: authoritiesFor(
      hosts,
      [own, ...trusted.map(({ bytes }) => bytes)],
      given([...hosts, machine?.name, machine?.target]),
    ),
    files: [{ path, bytes: own }, ...trusted, ...others].filter(hasMark),
  };
}

interface Owner extends Pick<MachineKeys, 'meant' | 'names' | 'alike' | 'made'> {
  readonly identified?: Identified;
}

const nobody: Owner = { names: [] };

/** The names under which its keys may be kept, and the key that was made for it. */
async function ownerOf(
  reached: ReachedRecord,
  typed: string | undefined,
  asksSsh: boolean,
  env: Env,
): Promise<Owner> {
  const identified = await identify(reached, env);
  if (!identified) return nobody;
  const alias = hostKeyAlias(identified);
  const isBehind = identified.target.kind === 'via' && asksSsh;
  const byHop = isBehind ? await (await import('./hop-names.js')).namesByHop(identified, env) : undefined;
  return {
    identified,
    meant: meantBy(identified, typed),
    names: [...(alias === undefined ? [] : namesOf(identified, typed)), ...(byHop?.names ?? [])],
    alike: [...namesAlike(identified), ...(byHop?.alike ?? [])],
    made: madeFor(identified, reached, typed, env),
  };
}

/** The user's and the system's files with a mark: the usual ones, and those that the configuration names besides; and the lists of revoked keys. */
async function markedFiles(text: string, isKnownOnly: boolean, file: string | undefined, env: Env) {
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
  const reached = unproved ? undefined : keys.reached;
  const files = [...keys.files, ...more];
  return {
    ...{ reached, alias, meant, names, alike, pins, shown: print },
    revokedIn: files.find(({ bytes }) =>
      prints.some((each) => hosts.some((host) => verdictOn(each, host, bytes) === 'revoked')),
    )?.path,
    byName: unproved && verdictOn(print, unproved.host, unproved.file),
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
  { knownHosts, ...asked }: LoginPolicy,
): Promise<AskedPolicy & Pick<KeyFacts, 'revokedIn'>> {
  const more = await markedOf(knownHosts, keys.reached.text);
  return { ...asked, revokedIn: factsFor(keys, shown, more).revokedIn };
}

/** What ssh says of a login, with the known_hosts files that its configuration names. */
export interface LoginPolicy extends AskedPolicy {
  readonly knownHosts: readonly string[];
}

/** No key counts that is not known, and nobody is asked. */
export const strictly: LoginPolicy = { policy: 'strict', takesAny: false, caAlgorithms: [], knownHosts: [] };

async function identify({ text, machine }: ReachedRecord, env: Env): Promise<Identified | undefined> {
  const target = asTarget(text);
  if (target === undefined) return undefined;
  if (target.kind !== 'via') return { target, machine };
  const { viaMachine, writtenHosts } = await import('./config/names.js');
  return { target, machine: viaMachine(target as ViaTarget, await writtenHosts({ env })) };
}

/** Whose key a UUID means that was typed, as a target or in one; behind another hypervisor it is that one's own. */
function meantBy({ target }: Identified, typed: string | undefined): string | undefined {
  if (target.kind === 'via') return undefined;
  return uuidAlias(isNamed(target) ? nameOf(target) : '') ?? uuidAlias(typed);
}

/** By the machine's name, and by what was typed: whatever is reached by it has to show that key. */
function madeFor(
  { target, machine }: Identified,
  reached: ReachedRecord,
  typed: string | undefined,
  env: Env,
): MachineKeys['made'] {
  if (target.kind === 'via') return undefined;
  const name = reached.machine?.name;
  const keys =
    guestKeysFor({ target, machine: name === undefined || !machine ? undefined : { name } }, env) ??
    guestKeysFor({ target }, env) ??
    (typed === undefined ? undefined : madeKeysOf(typed, env));
  const [type, key] = (keys && madeHostKey(keys))?.split(' ') ?? [];
  return keys && type !== undefined && key !== undefined ? { keys, type, key } : undefined;
}

/** What is in our file, or why nothing in it counts, with the fix: others may have written there, or it cannot be read. */
export async function ownPins(path: string): Promise<Buffer | NotCounted> {
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

interface NotCounted {
  readonly problem: string;
  readonly fix: string;
}

/** The known hosts of all users. */
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

/** Why, and by which file. */
export type Refused = Pick<Extract<KeyAnswer, { do: 'refuse' }>, 'why' | 'file'>;

/** Why a key of the machine is refused, and the fix. `typed`: what the user typed, without a user. */
export function refusalOf(
  { why, file }: Refused,
  { reached, made, path, pins, alias }: MachineKeys,
  typed: string,
  place: ShellPlace,
): ReturnType<typeof explainRefusal> {
  const { silent } = reached;
  const names = { typed, forget: nameToForget(reached, typed), made: made?.keys.name, silent, path, file };
  if (why === 'changed' && pins.some((pin) => pin.isRoots && pin.alias === alias))
    return {
      ...explainRefusal(why, names, place),
      hint: `${systemKnownHosts} has its key: whoever administers this host can change it`,
    };
  return explainRefusal(why, names, place);
}

/** What `vmssh forget` takes for a machine that was reached by `typed`, which may be its address or any Host of the user's own. */
export function nameToForget(reached: ReachedRecord | undefined, typed: string): string {
  const target = asTarget(typed);
  const { text = typed, machine } = reached ?? {};
  const own = [machine?.name ?? typed, slug(machine?.name ?? typed)].map((each) => each.toLowerCase());
  const isKnown = target ? isNamed(target) : own.includes(typed.toLowerCase());
  return isKnown ? typed : (machine?.target ?? text);
}

/** The names under which something may be kept that was typed, whether or not it is found: for `vmssh forget`. */
export function namesTyped(typed: string): readonly string[] {
  const target = asTarget(typed);
  return target ? namesOf({ target }) : [`host%${exact(typed)}`];
}
