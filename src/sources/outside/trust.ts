import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { realPath } from '../../files/read-sync.js';
import { effects, writersByMode } from '../../files/writers.js';
import { type DiscoveredMachine, DiscoveryError } from '../source.js';
import type { OutsideLine } from './file.js';

/** Who could change a file, besides this user and root; undefined: nobody. */
export type WhoChanges = (path: string) => Promise<string | undefined>;

export async function byMode(): Promise<WhoChanges> {
  return (await writersByMode(effects)).over;
}

/** Throws a DiscoveryError if others could change what a source is: its line, its program or a script of that, its folder. */
export async function checkLine({ file, command, folder }: OutsideLine, who: WhoChanges): Promise<void> {
  for (const path of [file, ...filesOf(command), ...(folder === undefined ? [] : [folder])]) {
    const other = await who(path);
    if (other !== undefined)
      throw new DiscoveryError('UNTRUSTED', `${path} is not used: ${other} can change it`, { final: true });
  }
}

/** What others could change of programs that are routes, and of private keys, by its path: one clause each. */
export type Untrusted = ReadonlyMap<string, string>;

export async function untrustedIn(
  machines: readonly DiscoveredMachine[],
  { folder }: OutsideLine,
  who: WhoChanges,
): Promise<Untrusted> {
  const why = new Map<string, string>();
  for (const path of new Set(machines.flatMap(programsOf))) {
    const other = await who(path);
    if (other !== undefined) why.set(path, `${other} can change ${path}, which is their way in`);
  }
  const real = realPath(folder ?? '');
  const places = new Map<string, string | undefined>();
  for (const key of new Set(machines.flatMap(({ identityFile }) => identityFile ?? []))) {
    const place = dirname(key);
    if (!places.has(place)) places.set(place, isClosed(place, real) ? undefined : await who(place));
    const other = places.get(place);
    if (other !== undefined) why.set(key, `${other} can change it`);
    else if (real === undefined || leadsOut(key, real)) why.set(key, `it leads out of ${folder}`);
  }
  return why;
}

/** The programs of its routes and of its exec, and the files among their arguments. */
export function programsOf({ routes = [], exec = [] }: DiscoveredMachine): readonly string[] {
  const commands = routes.map(({ endpoint }) => ('command' in endpoint ? endpoint.command : []));
  return [...commands, exec].flatMap(filesOf);
}

function filesOf(words: readonly string[]): readonly string[] {
  return words.filter((word, i) => i === 0 || (isAbsolute(word) && mayBeFile(word)));
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

/** False for what is there and cannot be written as a script: a folder, a socket or a device says nothing of what the program does. */
function mayBeFile(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() || stats.isFIFO();
  } catch {
    return true;
  }
}
