import { groupBy } from '../../../group-by.js';
import { hostPatterns, type Kind } from '../../../kinds/kind.js';
import { kinds } from '../../../kinds/kinds.js';

/** The part after the program in each of our ProxyCommands. */
export const ours = /\bproxy (--fdpass )?(--wait\S* )?(--typed |["']%h["'])/;

/** The first Host pattern of each kind. */
export function firstPatterns(table: readonly Kind[] = kinds): readonly string[] {
  return table.flatMap((kind) => hostPatterns(kind).slice(0, 1));
}

/**
 * Which program serves which pattern, by the ProxyCommand that ssh uses for each: "systemd-ssh-proxy serves unix/*; vmssh
 * serves the others". Undefined if vmssh serves all.
 */
export function servedBy(commands: Readonly<Record<string, string | undefined>>): string | undefined {
  const served = groupBy(Object.entries(commands), ([, command]) => programOf(command));
  if ([...served.keys()].every((who) => who === own)) return undefined;
  const others = [...served].filter(([who]) => who !== own);
  const parts = others.map(([who, all]) => `${who} serves ${all.map(([pattern]) => pattern).join(', ')}`);
  return [...parts, ...(served.has(own) ? ['vmssh serves the others'] : [])].join('; ');
}

const own = 'vmssh';

function programOf(command: string | undefined): string {
  if (command === undefined) return 'no program';
  if (ours.test(command)) return own;
  return /(systemd|libvirt)-ssh-proxy/.exec(command)?.[0] ?? 'another program';
}
