import { parseUuid } from '../../address/guid.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { printable } from '../../errors.js';
import { readText } from '../../files/read-file.js';
import type { ViaTarget } from '../../target/target.js';
import { writtenConfigFile } from '../known-hosts-file.js';
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
  const file = await readText(writtenConfigFile(env)).catch(() => '');
  return viaMachine(target, file, platform);
}

/** The same by the text of that file. */
export function viaMachine(
  meant: ViaTarget,
  file: string,
  platform: NodeJS.Platform,
): ListedMachine | undefined {
  const uuid = parseUuid(aliasOf(meant, file, platform).replace(/^vmssh-/, ''));
  if (uuid === undefined) return undefined;
  const { host, target } = meant;
  const typed = `via/${host}/${target}`;
  return { name: typed, target: typed, status: 'unknown', provider: 'via', also: [], via: host, uuid };
}

/** The machine's name in known_hosts; "" if it has no block, or several. */
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
