import { join } from 'node:path';
import { readSafely } from '../files/place.js';
import { readBytes } from '../files/read-file.js';
import { authoritiesFor, certificateIn, isCertified, type ShownKey } from '../identity/certificate.js';
import type { KeyFacts, Refusal } from '../identity/decide.js';
import {
  exact,
  hostKeyAlias,
  type Identified,
  namesAlike,
  namesOf,
  uuidAlias,
} from '../identity/identity.js';
import { fingerprintOf, verdictOn } from '../identity/known-hosts.js';
import { type Pin, pinsIn } from '../identity/pins.js';
import type { HostKeyPolicy } from '../identity/policy.js';
import type { ReachedRecord } from '../identity/record.js';
import { explainRefusal } from '../identity/refusal.js';
import { isNamed } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { slug } from '../target/names.js';
import type { ShellPlace } from '../target/shell.js';
import { nameOf, type ViaTarget } from '../target/target.js';
import { knownHostsFile, ownHome, sshFolder } from './folder.js';
import { type GuestKeys, guestKeysFor, madeHostKey, madeKeysOf } from './guest-keys.js';

type Env = Readonly<Record<string, string | undefined>>;

/** All that this host knows of the keys of what was reached. */
export interface MachineKeys {
  readonly reached: ReachedRecord;
  readonly alias: string | undefined;
  readonly meant?: string;
  readonly names: readonly string[];
  readonly alike?: readonly string[];
  readonly pins: readonly Pin[];
  /** The key that `guest credentials` made: no other is accepted. */
  readonly made?: { readonly keys: GuestKeys; readonly type: string; readonly key: string };
  /** The user's CAs for its names: "ssh-ed25519 AAAA…". */
  readonly authorities: readonly string[];
  /** What ssh looks it up by, and what was typed. */
  readonly hosts: readonly string[];
  /** Our known_hosts file. */
  readonly path: string;
  /** It, and the user's and the system's: those that have a line with a mark. */
  readonly files: readonly Buffer[];
}

/** Reads them. `typed`: what the user typed, a Host or a target; `host`: the name by which ssh looks the key up. */
export async function machineKeys(
  reached: ReachedRecord,
  { typed, host }: { readonly typed?: string; readonly host?: string },
  env: Env,
): Promise<MachineKeys> {
  const identified = await identify(reached, env);
  const alias = identified && hostKeyAlias(identified);
  const path = knownHostsFile(env);
  // Pins that cannot be read are not as none: nothing is accepted then.
  const own = (await readSafely(path).catch(undefinedIfNoHome))?.bytes ?? Buffer.alloc(0);
  const files = [own, ...(await usersFiles(env))].filter(hasMark);
  const hosts = [...new Set([typed, host, alias, reached.text].filter((each) => each !== undefined))];
  return {
    reached,
    alias,
    meant: identified && meantBy(identified, typed),
    names: identified && alias !== undefined ? namesOf(identified, typed) : [],
    alike: identified && namesAlike(identified),
    pins: pinsIn(own),
    made: identified && madeFor(identified, reached, typed, env),
    authorities: authoritiesFor(hosts, files),
    hosts,
    path,
    files,
  };
}

/** The facts for a key that was shown: by itself, or by its fingerprint only. */
export function factsFor(
  keys: MachineKeys | undefined,
  shown: ShownKey | string,
  policy: HostKeyPolicy | undefined,
): KeyFacts {
  const certificate = typeof shown === 'string' ? undefined : certificateIn(shown);
  const print = typeof shown === 'string' ? shown : printOf(certificate?.plain ?? shown);
  // A certificate may be revoked itself, or its CA.
  const prints =
    typeof shown === 'string' || !certificate
      ? [print]
      : [print, printOf(shown), printOf({ key: certificate.ca })];
  const {
    reached,
    alias,
    meant,
    names = [],
    alike,
    pins = [],
    hosts = [],
    files = [],
    made,
    authorities = [],
  } = keys ?? {};
  return {
    reached,
    alias,
    meant,
    names,
    alike,
    pins,
    shown: print,
    isRevoked: prints.some((each) =>
      hosts.some((host) => files.some((file) => verdictOn(each, host, file) === 'revoked')),
    ),
    isCertified: isCertified(certificate, hosts, authorities),
    brought: reached?.brought && printOf(reached.brought),
    made: made && printOf(made),
    manager: undefined,
    policy,
  };
}

function printOf({ key }: Pick<ShownKey, 'key'>): string {
  return fingerprintOf(Buffer.from(key, 'base64'));
}

async function identify({ text, machine }: ReachedRecord, env: Env): Promise<Identified | undefined> {
  const target = asTarget(text);
  if (target === undefined) return undefined;
  if (target.kind !== 'via') return { target, machine };
  const { writtenMachine } = await import('./config/names.js');
  return { target, machine: await writtenMachine(target as ViaTarget, { env }) };
}

/** Whose key a UUID means that was typed, as a target or in one; behind another hypervisor it is that one's own. */
function meantBy({ target }: Identified, typed: string | undefined): string | undefined {
  if (target.kind === 'via') return undefined;
  return uuidAlias(isNamed(target) ? nameOf(target) : '') ?? uuidAlias(typed);
}

/** By the name of the machine, and by that which was typed: whatever is reached by it has to show that key. */
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
  const [type, key] = (keys && madeHostKey(keys.name, env))?.split(' ') ?? [];
  return keys && type !== undefined && key !== undefined ? { keys, type, key } : undefined;
}

async function usersFiles(env: Env): Promise<readonly Buffer[]> {
  const own = join(sshFolder(ownHome(env)), 'known_hosts');
  return Promise.all([own, '/etc/ssh/ssh_known_hosts'].map((path) => readBytes(path).catch(noneIfMissing)));
}

/** They may be long, and only CAs and revoked keys are looked for in them. */
function hasMark(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return text.includes('@') && /^[ \t]*@/m.test(text);
}

/** HOME=/dev/null. */
function undefinedIfNoHome(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOTDIR') throw error;
}

/** ssh reads nothing either of a file that is not there or not ours; of another one a mark could be lost. */
function noneIfMissing(error: NodeJS.ErrnoException): Buffer {
  if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(error.code ?? '')) throw error;
  return Buffer.alloc(0);
}

/** Why a key of the machine is refused, and the fix. `typed`: what the user typed, without a user. */
export function refusalOf(
  why: Refusal,
  { reached, made, path }: MachineKeys,
  typed: string,
  place: ShellPlace,
): ReturnType<typeof explainRefusal> {
  const names = { typed, forget: nameToForget(reached, typed), made: made?.keys.name, path };
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
