import type { ConcreteHosts } from './hosts.js';
import { type HostBlock, hostBlocks } from './kept.js';
import type { ConcreteHost } from './text.js';
import { configArgument } from './word.js';

/**
 * The Hosts without those whose name a block in `file` has for another machine, of a provider that cannot be asked now: what
 * people type must not lead to another machine meanwhile.
 */
export function uncontested(
  { hosts, left }: ConcreteHosts,
  file: string,
  failed: readonly string[],
): ConcreteHosts {
  const blocks = hostBlocks(file).filter(({ provider }) => failed.includes(provider));
  const holders = new Map(blocks.map((block) => [block.host.toLowerCase(), block]));
  const isContested = (host: ConcreteHost) => {
    const holder = holders.get(host.host.toLowerCase());
    return holder !== undefined && !isSame(holder, host);
  };
  const others = hosts.filter(isContested).map(({ host, about }) => ({
    name: nameIn(about),
    why: `Host ${host} is that of a machine of ${holders.get(host.toLowerCase())?.provider}, which cannot be asked now: use --prefix`,
  }));
  return { hosts: hosts.filter((host) => !isContested(host)), left: [...left, ...others] };
}

/** By the name in known_hosts. A provider may give a machine another address. */
function isSame({ text, provider }: HostBlock, { about, options: { hostKeyAlias } }: ConcreteHost): boolean {
  if (about.endsWith(` of ${provider}`)) return true;
  return hostKeyAlias !== undefined && text.includes(`\n    HostKeyAlias ${configArgument(hostKeyAlias)}\n`);
}

function nameIn(about: string): string {
  return about.slice(0, about.lastIndexOf(' of '));
}
