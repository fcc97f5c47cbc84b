import type { NamedTarget } from '../resolve/short-name.js';
import type { Io } from './command.js';

/** The target of `[user@]NAME`, for commands of other names too; `signal` ends the search. */
export async function lookUp(typed: string, io: Io, signal?: AbortSignal): Promise<NamedTarget> {
  const { resolveShortName } = await import('../resolve/short-name.js');
  return resolveShortName(typed, { env: io.env, platform: io.platform, signal });
}
