import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextIfAny } from '../files/read-sync.js';
import { type Account, accountsOf, ownAccount } from '../ssh/folder.js';

/**
 * What a machine may share of the homes of this host, for its script to compare (see is_hosts of sh/parts/account.sh): this boot's id, then
 * of each home and its keys DEVICE.INODE, which tells them for each process of this kernel, and INODE:SECONDS for another. `names`: accounts
 * that are meant, as a directory service seldom lists its own. Empty if sharing is meant.
 */
export function homesHere(
  isMeant: boolean,
  names: readonly (string | undefined)[],
  platform: NodeJS.Platform,
  accounts = accountsOf,
): readonly string[] {
  if (isMeant || platform === 'win32') return [];
  const marks = homes(names, accounts).flatMap(marksIn);
  return marks.length === 0
    ? []
    : [readTextIfAny('/proc/sys/kernel/random/boot_id').trim() || 'none', ...new Set(marks)];
}

/**
 * Whether one of a machine's folders is in a home of this host, also in one of a directory service, which nothing lists: by its owner. `said`:
 * "MARK UID…" of each, by its script.
 */
export function isHomeHere(said: readonly string[], accounts = accountsOf): boolean {
  const words = said.map((each) => each.split(' '));
  const marks = new Set(words.map(([mark]) => mark));
  const owners = new Set(words.flatMap(([, ...ids]) => ids.filter((id) => /^\d{1,10}$/.test(id))));
  const known = owners.size === 0 ? [] : accounts([...owners]);
  return known.some(({ home }) => marksIn(home).some((mark) => marks.has(mark)));
}

/** The homes of the accounts that are listed or named, of the caller, and of whoever owns a folder beside one of those. */
function homes(names: readonly (string | undefined)[], accounts: typeof accountsOf): readonly string[] {
  const own = ownAccount();
  const named = names.flatMap((name) => (name && /^[A-Za-z_][\w.-]*\$?$/.test(name) ? [name] : []));
  const listed = accounts().filter(isLogin);
  const known = [...listed, ...(named.length > 0 ? accounts(named) : []), ...(own ? [own] : [])];
  const parents = known.flatMap(({ uid = 1000, home }) => (uid < 1000 ? [] : [dirname(home)]));
  const owners = new Set([...new Set([...parents, '/home'])].flatMap(ownersIn));
  for (const { uid } of known) if (uid !== undefined) owners.delete(uid);
  const others = owners.size > 0 ? accounts([...owners].map(String)) : [];
  return [...new Set([...known, ...others].map(({ home }) => home))];
}

function isLogin({ shell = '' }: Account): boolean {
  return !/\/(nologin|false|sync)$/.test(shell);
}

/** The most folders of one parent that are looked at. */
const maxFolders = 4096;

function ownersIn(parent: string): readonly number[] {
  try {
    const names = parent === '/' ? [] : readdirSync(parent).slice(0, maxFolders);
    return names.flatMap((name) => statOf(join(parent, name))?.uid ?? []);
  } catch {
    return [];
  }
}

function marksIn(home: string): readonly string[] {
  return ['', '.ssh', '.ssh/authorized_keys'].flatMap((path) => marksOf(join(home, path)));
}

function marksOf(path: string): readonly string[] {
  const stats = statOf(path);
  if (!stats) return [];
  const { dev, ino, mtimeMs } = stats;
  return [`${dev}.${ino}`, `${ino}:${Math.floor(mtimeMs / 1000)}`];
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
