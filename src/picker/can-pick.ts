import type { Io } from '../cli/command.js';
import { loadAddon } from '../native.js';

/** Whether a person can be asked: keys come from a terminal, and another or the same one shows the list. */
export function canPick({ terminal, env }: Pick<Io, 'terminal' | 'env'>): boolean {
  return terminal.stdin && terminal.stderr && env.TERM !== 'dumb' && loadAddon().addon !== undefined;
}
