import type { DiscoveredMachine, Warning } from './provider.js';

/** The most characters of a machine's name, and of each of its other texts, which have paths. */
const mostOfName = 256;
const mostOfOthers = 4096;

/** The machines without those that have a text longer than any real one's, and a warning for those of each provider. */
export function withoutTooLong(machines: readonly DiscoveredMachine[]): {
  readonly found: readonly DiscoveredMachine[];
  readonly warnings: readonly Warning[];
} {
  const warnings = new Map<string, Warning>();
  const found = machines.filter((machine) => {
    const problem = problemOf(machine);
    const { provider } = machine;
    if (problem !== undefined && !warnings.has(provider))
      warnings.set(provider, { provider, code: 'TOO_LONG', problem: `left out: a machine with ${problem}` });
    return problem === undefined;
  });
  return { found, warnings: [...warnings.values()] };
}

function problemOf(machine: DiscoveredMachine): string | undefined {
  for (const [field, value] of Object.entries(machine)) {
    const most = field === 'name' ? mostOfName : mostOfOthers;
    if (typeof value === 'string' && value.length > most)
      return `${/^[aeiou]/.test(field) ? 'an' : 'a'} ${field} of ${value.length} characters`;
  }
  return undefined;
}
