import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { realPath } from '../../files/read-sync.js';
import { effects, writersByMode } from '../../files/writers.js';
import { type DiscoveredMachine, DiscoveryError } from '../source.js';
import type { OutsideLine } from './file.js';

/** Who could change a file, besides this user and root; undefined: nobody. */
export type WhoChanges = (path: string) => Promise<string | undefined>;

/** By owners, modes and groups, as they are now. */
export async function byMode(): Promise<WhoChanges> {
  return (await writersByMode(effects)).over;
}

/** Throws a DiscoveryError if others could change what a source is: its line, its program or a script of that, its folder. */
export async function checkLine({ file, command, folder }: OutsideLine, who: WhoChanges): Promise<void> {
  const [program = '', ...args] = command;
  const scripts = args.filter((each) => isAbsolute(each) && mayBeFile(each));
  for (const path of [file, program, ...scripts, ...(folder === undefined ? [] : [folder])]) {
    const other = await who(path);
    if (other !== undefined)
      throw new DiscoveryError('UNTRUSTED', `${path} is not used: ${other} can change it`, { final: true });
  }
}

/** What a source lists and others could change, by its path: programs that are routes, and private keys. One clause each. */
export type Untrusted = ReadonlyMap<string, string>;

/** Asks once for each program, and for each folder of keys. */
export async function untrustedIn(
  machines: readonly DiscoveredMachine[],
  { folder }: Pick<OutsideLine, 'folder'>,
  who: WhoChanges,
): Promise<Untrusted> {
  const why = new Map<string, string>();
  for (const path of new Set(machines.flatMap(programsOf))) {
    const other = await who(path);
    if (other !== undefined) why.set(path, `${other} can change ${path}, which is their route`);
  }
  const keys = new Set(machines.flatMap(({ identityFile }) => identityFile ?? []));
  const real = realPath(folder ?? '');
  const places = new Map<string, string | undefined>();
  for (const key of keys) {
    const place = dirname(key);
    if (!places.has(place)) places.set(place, isClosed(place, real) ? undefined : await who(place));
    const other = places.get(place);
    if (other !== undefined) why.set(key, `${other} can change it`);
    else if (real === undefined || leadsOut(key, real)) why.set(key, `it leads out of ${folder}`);
  }
  return why;
}

/** The programs of its routes. */
export function programsOf({ routes = [] }: Pick<DiscoveredMachine, 'routes'>): readonly string[] {
  return routes.flatMap(({ endpoint }) => ('command' in endpoint ? (endpoint.command[0] ?? []) : []));
}

/** Whether a key of a folder lies elsewhere, by a link. A missing one lies where its own folder does. */
function leadsOut(key: string, real: string): boolean {
  return !isWithin(realPath(key) ?? join(realPath(dirname(key)) ?? '', basename(key)), real);
}

/** Whether nobody else can write to a folder, seen at once: of thousands of machines each may have its own. `above` is known to be so. */
function isClosed(place: string, above: string | undefined): boolean {
  if (above === undefined || realPath(place) !== place || !isWithin(place, above)) return false;
  try {
    for (let at = place; at !== above; at = dirname(at)) {
      const { uid, mode } = lstatSync(at);
      if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.())) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** False for what is there and no file: a folder or a socket says nothing of what the program does. */
function mayBeFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}
