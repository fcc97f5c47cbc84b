import type { ListedMachine } from '../../discovery/merge.js';
import type { ConcreteHost } from './text.js';
import { configArgument } from './word.js';

/** The block of a machine, as it stands in a file that `configText` made. */
export interface HostBlock {
  readonly host: string;
  /** See `blockProvider`. */
  readonly provider: string;
  /** Its name, and its target if another name differs only in case. */
  readonly about: string;
  readonly text: string;
}

/** The blocks of machines in a file that `configText` made. */
export function hostBlocks(file: string): readonly HostBlock[] {
  const paragraphs = file.split('\n\n').map((each) => each.trimEnd());
  return paragraphs.flatMap((text) => {
    const [, about = '', provider = '', host = ''] = /^# (.*) of (\S+)\nHost (\S+)/.exec(text) ?? [];
    return host === '' ? [] : [{ host, provider, about, text }];
  });
}

/** The blocks in `file` for machines of these providers, except for names that are in `hosts` now. */
export function keptBlocks(
  file: string,
  providers: readonly string[],
  hosts: readonly ConcreteHost[],
): readonly HostBlock[] {
  const now = new Set(hosts.map(({ host }) => host.toLowerCase()));
  return hostBlocks(file).filter(
    ({ provider, host }) => providers.includes(provider) && !now.has(host.toLowerCase()),
  );
}

/** The provider that a machine's block names: "via/hv1" for each of that hypervisor. */
export function blockProvider({ provider, via }: Pick<ListedMachine, 'provider' | 'via'>): string {
  return via === undefined ? provider : `via/${via}`;
}

/** Whether a block is that of a machine of this provider, or of one with this name in known_hosts: addresses change. */
export function isBlockOf({ provider, text }: HostBlock, by: string, hostKeyAlias?: string): boolean {
  if (provider === by) return true;
  return hostKeyAlias !== undefined && text.includes(`\n    HostKeyAlias ${configArgument(hostKeyAlias)}\n`);
}
