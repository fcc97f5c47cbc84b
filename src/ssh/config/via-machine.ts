import { parseUuid } from '../../address/guid.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { printable } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import type { ViaTarget } from '../../target/target.js';
import { writtenConfigFile } from '../known-hosts-file.js';
import { entries, findMeant, keyNamesIn, keyNamesOf } from './grouped/entry.js';
import { type HostBlock, hostBlocks } from './kept.js';
import { targetWord, wordOf } from './ssh-names.js';

interface Here {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * The machine on another hypervisor that a target means, by the Host that `config install --via` wrote for it: a hypervisor
 * is not asked again at each login. Undefined without such a Host, or if the machine has no UUID.
 */
export async function writtenMachine(
  target: ViaTarget,
  { env, platform }: Here,
): Promise<ListedMachine | undefined> {
  return viaMachine(target, await written(env), platform);
}

/** All names in known_hosts of the machines that have one of these, if their Host shares its block with others. */
export async function sharedNames(names: readonly string[], env: Here['env']): Promise<readonly string[]> {
  const file = await written(env);
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const meant = entries(file).filter((entry) =>
    [entry.alias, ...keyNamesOf(entry)].some((name) => wanted.has(name.toLowerCase())),
  );
  return meant.flatMap((entry) => [entry.alias, ...keyNamesIn(file, entry)]);
}

function written(env: Here['env']): Promise<string> {
  return readText(writtenConfigFile(env)).catch(() => '');
}

/** The same by the text of that file. */
export function viaMachine(
  meant: ViaTarget,
  file: string,
  platform: NodeJS.Platform,
): ListedMachine | undefined {
  const entry = findMeant(file, meant);
  const alias = entry?.alias ?? aliasOf(meant, file, platform);
  const uuid = parseUuid(alias.replace(/^vmssh-/, ''));
  if (uuid === undefined) return undefined;
  const { host, target } = meant;
  const typed = `via/${host}/${target}`;
  const keptAs = entry && keyNamesIn(file, entry);
  return {
    name: typed,
    target: typed,
    status: 'unknown',
    provider: 'via',
    also: [],
    via: host,
    uuid,
    keptAs,
  };
}

/** From its own block; "" if it has none, or several. */
function aliasOf({ host, target, inner }: ViaTarget, file: string, platform: NodeJS.Platform): string {
  const provider = `via/${host}`.toLowerCase();
  const there = hostBlocks(file).filter((block) => block.provider.toLowerCase() === provider);
  const name = printable(target).toLowerCase();
  const isMeant = inner
    ? ({ provider: own, text }: HostBlock) =>
        targetWord(text) === wordOf(`${own}/${target.replace('%', '/')}`, platform)
    : ({ about }: HostBlock) => about.toLowerCase() === name;
  const [block, ...others] = there.filter(isMeant);
  const [, alias = ''] = /^ *HostKeyAlias (\S+)$/m.exec(block?.text ?? '') ?? [];
  return others.length === 0 ? alias : '';
}
