import type { ChalkInstance } from 'chalk';
import type { Io } from './command.js';

/** Colours for one stream: none in a pipe, with NO_COLOR (https://no-color.org) or TERM=dumb; FORCE_COLOR insists. */
export async function styles(io: Io, stream: 'stdout' | 'stderr'): Promise<ChalkInstance> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: wantsColor(io, stream) ? 1 : 0 });
}

function wantsColor({ env, terminal }: Io, stream: 'stdout' | 'stderr'): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal[stream] && env.TERM !== 'dumb';
}
