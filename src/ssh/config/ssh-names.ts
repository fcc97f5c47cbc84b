import { isPlainHostName } from '../../address/host-name.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { countBy } from '../../group-by.js';
import { hostBlocks } from './kept.js';
import { proxyWord } from './word.js';

/**
 * The name that ssh takes for each machine, by the Host blocks in `file`, which `configText` made; absent for a machine
 * without one. A block belongs to the machine that its ProxyCommand leads to.
 */
export function sshNames(
  file: string,
  machines: readonly ListedMachine[],
  platform: NodeJS.Platform,
): ReadonlyMap<ListedMachine, string> {
  const hosts = new Map(hostBlocks(file).map(({ host, text }) => [targetWord(text), host]));
  const named = machines.flatMap((machine) => {
    const words = [machine.target, ...machine.also].map((target) => wordOf(target, platform));
    const host = words.map((word) => hosts.get(word)).find((each) => each !== undefined);
    // Another user's HOME may have a file with anything in it.
    return host === undefined || !isPlainHostName(host) ? [] : [{ machine, host }];
  });
  const uses = countBy(named, ({ host }) => host);
  const unique = named.filter(({ host }) => uses.get(host) === 1);
  return new Map(unique.map(({ machine, host }) => [machine, host]));
}

/** The target in a block's ProxyCommand, as it is quoted there. */
export function targetWord(block: string): string {
  return /^ *ProxyCommand .* proxy (?:--fdpass )?(.*) %p$/m.exec(block)?.[1] ?? block;
}

/** A target as it is quoted in a ProxyCommand; "" if it is not possible in an ssh_config. */
export function wordOf(target: string, platform: NodeJS.Platform): string {
  try {
    return proxyWord(target, platform);
  } catch {
    return '';
  }
}
