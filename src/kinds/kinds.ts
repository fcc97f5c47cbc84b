import { existsSync } from 'node:fs';
import { ConnectError } from '../errors.js';
import type { Reachable, ResolveContext } from '../sources/source.js';
import type { AnyTarget, OutsideTarget, ViaTarget } from '../target/target.js';
import type { Kind } from './kind.js';
import {
  containerKind,
  dotHostKind,
  hyperVKind,
  machineKind,
  managedKinds,
  outsideKind,
  qemuKind,
  wslKind,
} from './machines.js';
import { hvsockKind, unixKind, vsockKind, vsockMuxKind } from './sockets.js';
import { viaKind } from './via.js';

export const kinds = [
  dotHostKind,
  unixKind,
  vsockKind,
  vsockMuxKind,
  machineKind,
  containerKind,
  hyperVKind,
  hvsockKind,
  wslKind,
  qemuKind,
  ...managedKinds,
  viaKind,
  outsideKind,
] satisfies readonly Kind[];

export type Target = ReturnType<(typeof kinds)[number]['parse']>;

export function kindOf({ kind }: AnyTarget, table: readonly Kind[] = kinds): Kind {
  const found = table.find(({ name }) => name === kind);
  if (!found) throw new TypeError(`no kind ${kind}`);
  return found;
}

/** Whether a target names a machine, not an address where another one may answer later. */
export function isNamed(target: AnyTarget): boolean {
  const { inner } = target as Partial<ViaTarget>;
  return inner ? isNamed(inner) : kindOf(target).hostKey === 'machine';
}

/** The sources that may have a target's machine. */
export function providersOf(target: AnyTarget): readonly string[] {
  return target.kind === 'outside' ? [(target as OutsideTarget).source] : kindOf(target).providers;
}

/** `exists` defaults to the file system's. */
export type ResolveOptions = Omit<ResolveContext, 'exists' | 'signal'> &
  Partial<Pick<ResolveContext, 'exists'>> & { readonly signal?: AbortSignal };

/** Finds the machine that a target means on this host. Throws a ConnectError of op resolve. */
export async function resolveTarget(
  target: AnyTarget,
  { signal, ...options }: ResolveOptions,
  table: readonly Kind[] = kinds,
): Promise<Reachable> {
  const context: ResolveContext = { exists: existsSync, ...options };
  const kind = kindOf(target, table);
  if (!isReachedFrom(kind, context.platform)) {
    const { elsewhere } = await import('./elsewhere.js');
    throw new ConnectError('resolve', context.text, elsewhere(kind, context));
  }
  return kind.resolve(target, kind.rest === 'name' ? await asking(context, signal) : context);
}

/** The context for a search by services and tools of this host. */
async function asking(context: ResolveContext, signal: AbortSignal | undefined): Promise<ResolveContext> {
  const { ownEnv } = await import('../sources/trusted-env.js');
  return { ...context, env: ownEnv(context.env), signal };
}

function isReachedFrom({ from }: Kind, platform: NodeJS.Platform): boolean {
  if (from === 'linux') return platform === 'linux';
  return from === 'anywhere' || from.startsWith('windows') === (platform === 'win32');
}
