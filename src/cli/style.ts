import type { ChalkInstance } from 'chalk';
import type { Io } from './command.js';

/** What the use of colours depends on. */
export type Surroundings = Pick<Io, 'env' | 'terminal'>;

/** Colours for one stream: none in a pipe, with NO_COLOR (https://no-color.org) or TERM=dumb, unless FORCE_COLOR is set. */
export async function styles(
  surroundings: Surroundings,
  stream: 'stdout' | 'stderr',
): Promise<ChalkInstance> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: wantsColor(surroundings, stream) ? 1 : 0 });
}

function wantsColor({ env, terminal }: Surroundings, stream: 'stdout' | 'stderr'): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal[stream] && env.TERM !== 'dumb';
}
