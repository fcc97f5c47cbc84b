import type { Env } from '../../runtime.js';
/** The service manager that runs a machine. */
export type Scope = 'user' | 'system';

interface ServiceFolders {
  readonly env: Env;
  readonly runDir?: string;
}

export interface RuntimeDir {
  readonly scope: Scope;
  readonly path: string;
}

/**
 * The folders of services' sockets, in the order to ask: the user's own, if XDG_RUNTIME_DIR is absolute
 * (https://specifications.freedesktop.org/basedir-spec/latest/), then the system's. `ownEnv` has already removed another user's.
 */
export function runtimeDirs({ env, runDir = '/run' }: ServiceFolders): readonly RuntimeDir[] {
  const user = env.XDG_RUNTIME_DIR;
  const system: RuntimeDir = { scope: 'system', path: runDir };
  return user?.startsWith('/') ? [{ scope: 'user', path: user }, system] : [system];
}

/**
 * Whose word a machine's name, UUID and CID are: this user's own, or that of another user, a cluster, or a process in a container. Undefined: of
 * root's manager, or a process of root or a system user.
 */
export type Authority = 'user' | 'other';

/** That of a uid that is this user's or the system's; by default that of this user's own manager. */
export function authorityOf(
  uid: number | undefined = process.getuid?.(),
  own: number | undefined = process.getuid?.(),
): Authority | undefined {
  return uid !== undefined && uid !== 0 && uid === own ? 'user' : undefined;
}

/** That of a manager of this user or of the system. */
export function authorityIn(scope: Scope): Authority | undefined {
  return scope === 'user' ? authorityOf() : undefined;
}
