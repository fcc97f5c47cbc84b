import type { ChalkInstance } from 'chalk';
import { type Surroundings, wantsColor } from '../wants-color.js';

/** Colours for one stream, if it wants them. */
export async function styles(
  surroundings: Surroundings,
  stream: 'stdout' | 'stderr',
): Promise<ChalkInstance> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: wantsColor(surroundings, stream) ? 1 : 0 });
}
