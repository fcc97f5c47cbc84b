import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Guid, parseGuid } from '../../address/guid.js';
import { readTextSync } from '../../files/read-file.js';
import { countBy } from '../../group-by.js';
import { isJsonObject } from '../tools/json.js';

/** The ids of Hyper-V machines by name, from the last listing; a machine keeps its id, but its name may change. */
export interface HyperVCache {
  /** The id, if the listing is at most a few minutes old. */
  find(name: string): Guid | undefined;
  /** Keeps the names of a listing that belong to only one machine. Ignores failures. */
  keep(machines: readonly { readonly name: string; readonly id: Guid }[]): void;
  /** Empties the cache, after an id turned out to be gone. */
  drop(): void;
}

/** Milliseconds: long enough for a series of logins, short enough in case a name moves to another machine. */
const longestAge = 10 * 60_000;

/** The cache in the user's cache folder. A broken, foreign or missing file is an empty cache. */
export function fileCache(
  env: Readonly<Record<string, string | undefined>>,
  now: () => number = Date.now,
): HyperVCache {
  const folder = join(env.LOCALAPPDATA ?? env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vmssh');
  const path = join(folder, 'hyper-v.json');
  return {
    find(name) {
      const { at, ids } = read(path);
      return at <= now() && now() - at <= longestAge ? ids.get(name.toLowerCase()) : undefined;
    },
    keep(machines) {
      const temporary = `${path}.${process.pid}`;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const text = JSON.stringify({ version: 1, at: now(), ids: idsOf(machines) });
        writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' }); // follows no existing link
        renameSync(temporary, path);
      } catch {
        remove(temporary);
      }
    },
    drop: () => remove(path),
  };
}

/** A file that another process holds open is left; it expires soon. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // As above.
  }
}

function idsOf(machines: readonly { readonly name: string; readonly id: Guid }[]): Record<string, Guid> {
  const named = countBy(machines, ({ name }) => name.toLowerCase());
  const once = machines.filter(({ name }) => named.get(name.toLowerCase()) === 1);
  return Object.fromEntries(once.map(({ name, id }) => [name.toLowerCase(), id]));
}

function read(path: string): { at: number; ids: ReadonlyMap<string, Guid> } {
  const ids = new Map<string, Guid>();
  try {
    const json: unknown = JSON.parse(readTextSync(path));
    if (!isJsonObject(json) || json.version !== 1 || !isJsonObject(json.ids)) return { at: 0, ids };
    for (const [name, text] of Object.entries(json.ids)) {
      const id = typeof text === 'string' ? parseGuid(text) : undefined;
      if (id) ids.set(name, id);
    }
    return { at: Number(json.at) || 0, ids };
  } catch {
    return { at: 0, ids };
  }
}
