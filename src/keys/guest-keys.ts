import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Env } from '../base/runtime.js';
import { hostKeyAlias as aliasOf, exact, type Identified } from '../book/identity.js';
import { readTextIfAny, readTextSync } from '../files/read-sync.js';
import type { Kind } from '../kinds/kind.js';
import { asTarget, kinds, type Target } from '../kinds/kinds.js';
import { knownHostsFile, sshFolder } from '../ssh/folder.js';
import { isPlainHostName } from '../typed/names.js';
import { nameOf } from '../typed/target.js';

/** The keys that `vmssh guest credentials` made for a machine, in a folder of their own. */
export interface GuestKeys {
  readonly name: string;
  readonly folder: string;
  /** The machine's name in `knownHosts`, which has its host key and nothing else. */
  readonly alias: string;
  readonly knownHosts: string;
  /** The private login key; undefined: the user has one of their own. */
  readonly identityFile: string | undefined;
  /** The user's own keys, which ssh tries by itself only where no line names another. */
  readonly ownKeys?: readonly string[];
}

/** The files of such a folder. The last one to appear is `knownHosts`. */
export const guestKeyFiles = {
  name: 'name',
  hostKey: 'ssh_host_ed25519_key',
  login: 'id_ed25519',
  /** The public keys that may log in. */
  logins: 'authorized_keys',
  knownHosts: 'known_hosts',
} as const;

/** The folder of all of them, beside ssh's own files. */
export function guestKeysFolder(env: Env): string {
  return join(dirname(knownHostsFile(env)), 'vmssh_guests');
}

export function guestFolder(name: string, env: Env): string {
  return join(guestKeysFolder(env), exact(name));
}

export function guestKeysOf(name: string, env: Env): GuestKeys | undefined {
  const folder = guestFolder(name, env);
  const at = (file: keyof typeof guestKeyFiles) => join(folder, guestKeyFiles[file]);
  if (!existsSync(at('knownHosts'))) return undefined;
  return {
    name,
    folder,
    alias: guestAlias(name),
    knownHosts: at('knownHosts'),
    identityFile: existsSync(at('login')) ? at('login') : undefined,
    ownKeys: usualKeys.map((key) => join(sshFolder(env), key)).filter((path) => existsSync(path)),
  };
}

/** In ssh's order: ssh_config(5), IdentityFile. */
const usualKeys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];

/** For whom keys may have been made. */
interface ByName {
  readonly target?: Target;
  readonly machine?: { readonly name?: string } | undefined;
  /** A machine's name, or a target with one. */
  readonly typed?: string | undefined;
}

/** The keys for a machine, by its name, its target's, else what was typed. An address is no machine, and behind a hypervisor another one has the name. */
export function guestKeysFor({ target, machine, typed = '' }: ByName, env: Env): GuestKeys | undefined {
  if (target?.kind === 'via') return undefined;
  const named = asTarget(typed);
  const names = [machine?.name, target && nameOf(target), named ? nameOf(named) : typed];
  for (const name of new Set(names)) {
    const keys = name ? guestKeysOf(name, env) : undefined;
    if (keys) return keys;
  }
  return undefined;
}

export function allGuestKeys(env: Env): readonly GuestKeys[] {
  const folder = guestKeysFolder(env);
  return foldersIn(folder).flatMap((each) => {
    const name = readTextIfAny(join(folder, each, guestKeyFiles.name), 4096).replace(/\n$/, '');
    return exact(name) === each ? (guestKeysOf(name, env) ?? []) : [];
  });
}

/** The machine's host key, "ssh-ed25519 AAAA…". */
export function madeHostKey({ knownHosts }: GuestKeys): string {
  return readTextSync(knownHosts, 4096).trimEnd().split(' ').slice(1, 3).join(' ');
}

/** No kind of machine is called "guest": see identity.ts. */
export function guestAlias(name: string): string {
  return `vmssh-guest%${exact(name)}`;
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** The options for a machine whose host key is known: they replace those for its UUID, where any first key is accepted. */
export function trustIn({ alias, knownHosts, identityFile, ownKeys = [] }: GuestKeys) {
  const login = identityFile && { identityFile, ownKeys };
  return { hostKeyAlias: alias, knownHosts, onlyKnown: true, ...login };
}

/** For an ssh that does not ask vmssh: by which name a machine's key is known, and where. */
export function keysByName(named: Identified & ByName, env: Env) {
  const hostKeyAlias = aliasOf(named);
  const keys = guestKeysFor(named, env);
  return { hostKeyAlias, knownHosts: knownHostsFile(env), ...(keys && trustIn(keys)) };
}

/** The targets with its name, as ssh is called with them: "qemu/web", "machine%web". None for a name with a pattern. */
export function namesOfGuest({ name }: { readonly name: string }): readonly string[] {
  if (!isPlainHostName(name)) return [];
  const all: readonly Kind[] = kinds;
  const named = all.filter(({ rest }) => rest === 'name');
  // "qemu:system/web"
  const between = (separator: string) => (separator === ':' ? [':*/', ':*%'] : [separator]);
  return named.flatMap(({ name: kind, separators }) =>
    [...separators].flatMap(between).map((each) => `${kind}${each}${name}`),
  );
}
