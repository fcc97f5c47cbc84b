import type { Deps } from '../provider.js';

/** The service manager that runs a machine. */
export type Scope = 'user' | 'system';

export interface RuntimeDir {
  readonly scope: Scope;
  readonly path: string;
}

/**
 * The folders of services' sockets, in the order to ask: the user's own, if XDG_RUNTIME_DIR is absolute
 * (https://specifications.freedesktop.org/basedir-spec/latest/), then the system's. `ownEnv` has already removed another
 * user's.
 */
export function runtimeDirs({ env, runDir = '/run' }: Deps): readonly RuntimeDir[] {
  const user = env.XDG_RUNTIME_DIR;
  const system: RuntimeDir = { scope: 'system', path: runDir };
  return user?.startsWith('/') ? [{ scope: 'user', path: user }, system] : [system];
}
