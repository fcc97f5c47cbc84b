import { statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { realPath } from '../../files/read-sync.js';
import { effects, writersByMode } from '../../files/writers.js';
import { type DiscoveredMachine, DiscoveryError } from '../provider.js';
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
  const programs = new Set(machines.flatMap(programsOf));
  const keys = new Set(machines.flatMap(({ identityFile }) => identityFile ?? []));
  const places = new Map<string, string | undefined>();
  for (const path of [...programs, ...[...keys].map((key) => dirname(key))])
    if (!places.has(path)) places.set(path, await who(path));
  for (const path of programs) {
    const other = places.get(path);
    if (other !== undefined) why.set(path, `${other} can change ${path}, which is their route`);
  }
  const real = realPath(folder ?? '');
  for (const key of keys) {
    const other = places.get(dirname(key));
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
  const at = realPath(key) ?? join(realPath(dirname(key)) ?? '', basename(key));
  return !at.startsWith(real.endsWith('/') ? real : `${real}/`);
}

/** False for what is there and no file: a folder or a socket says nothing of what the program does. */
function mayBeFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}
