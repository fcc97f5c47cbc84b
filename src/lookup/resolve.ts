import { existsSync } from 'node:fs';
import { ConnectError } from '../errors.js';
import type { Kind } from '../kinds/kind.js';
import { kindOf } from '../kinds/kinds.js';
import type { Resolution, ResolveContext } from '../resolve/resolution.js';
import type { AnyTarget } from '../target/target.js';

/** `exists` defaults to the file system's. */
export type ResolveOptions = Omit<ResolveContext, 'exists'> & Partial<Pick<ResolveContext, 'exists'>>;

/** Finds the endpoint of a target on this host. Throws a ConnectError of op resolve. */
export async function resolveTarget(
  target: AnyTarget,
  options: ResolveOptions,
  table?: readonly Kind[],
): Promise<Resolution> {
  const context: ResolveContext = { exists: existsSync, ...options };
  const kind = kindOf(target, table);
  if (isReachedFrom(kind, context.platform))
    return kind.resolve(target, kind.rest === 'name' ? await asking(context) : context);
  const { elsewhere } = await import('./elsewhere.js');
  throw new ConnectError('resolve', context.text, elsewhere(kind, context));
}

/** The context for a search by services and tools of this host. */
async function asking(context: ResolveContext): Promise<ResolveContext> {
  const { ownEnv } = await import('../discovery/own-env.js');
  return { ...context, env: ownEnv(context.env) };
}

function isReachedFrom({ from }: Kind, platform: NodeJS.Platform): boolean {
  return from === 'anywhere' || (from === 'linux') === (platform !== 'win32');
}
