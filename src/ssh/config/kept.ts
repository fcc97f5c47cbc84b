import type { ConcreteHost } from './text.js';

/** A block as it stands in a file that `configText` made. */
export interface KeptBlock {
  readonly host: string;
  readonly text: string;
}

/** The blocks that `file` has for machines of these providers, but for names that are in `hosts` now. */
export function keptBlocks(
  file: string,
  providers: readonly string[],
  hosts: readonly ConcreteHost[],
): readonly KeptBlock[] {
  const now = new Set(hosts.map(({ host }) => host.toLowerCase()));
  return file.split('\n\n').flatMap((paragraph) => {
    const text = paragraph.trimEnd();
    const [, provider = '', host = ''] = /^# .* of (\S+)\nHost (\S+)/.exec(text) ?? [];
    return providers.includes(provider) && !now.has(host.toLowerCase()) ? [{ host, text }] : [];
  });
}
