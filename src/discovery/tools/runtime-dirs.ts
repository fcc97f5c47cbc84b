import type { Deps } from '../provider.js';

/** Whose service manager runs a machine. */
export type Scope = 'user' | 'system';

export interface RuntimeDir {
  readonly scope: Scope;
  readonly path: string;
}

/**
 * The folders where services leave their sockets, in the order in which they are asked: the user's own, where
 * XDG_RUNTIME_DIR is absolute (https://specifications.freedesktop.org/basedir-spec/latest/), then the system's. One of
 * another user is taken out before, by `ownEnv`.
 */
export function runtimeDirs({ env, runDir = '/run' }: Deps): readonly RuntimeDir[] {
  const user = env.XDG_RUNTIME_DIR;
  const system: RuntimeDir = { scope: 'system', path: runDir };
  return user?.startsWith('/') ? [{ scope: 'user', path: user }, system] : [system];
}
