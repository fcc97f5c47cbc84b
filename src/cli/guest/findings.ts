import type { ProgressLine } from '../../guest/run/progress.js';
import type { FindingJson } from '../json.js';

/** A script's lines as findings: each fix is a line of its own there. */
export function findingsOf(lines: readonly ProgressLine[]): readonly FindingJson[] {
  const found: FindingJson[] = [];
  for (const { state, step: name, message } of lines) {
    const last = found.at(-1);
    if (state === 'fix') {
      if (last?.name === name) found[found.length - 1] = { ...last, fix: message };
    } else if (state !== 'end') found.push({ name, state, found: message });
  }
  return found;
}
