import { isOwnPath, pathIn } from './own-folders.js';
import type { Deps } from './provider.js';
import { type SourceEntry, sources } from './sources.js';

type Env = Deps['env'];

/**
 * The environment without folders and sockets that another user has made or can replace: after `su` or `sudo -E` it is
 * still the previous user's. The runtime folder must be this user's own
 * (https://specifications.freedesktop.org/basedir-spec/latest/), the others may be root's.
 */
export function ownEnv(env: Env, uid = process.getuid?.()): Env {
  if (uid === undefined) return env;
  const foreign = variables.filter((name) => !isOwn(name, env, uid)).map((name) => [name, undefined]);
  return foreign.length === 0 ? env : { ...env, ...Object.fromEntries(foreign) };
}

/** Only these variables, as `ownEnv` has them: each login waits for it. */
export function ownFolders(env: Env, names: readonly string[], uid: number): Env {
  return Object.fromEntries(names.map((name) => [name, isOwn(name, env, uid) ? env[name] : undefined]));
}

function isOwn(name: string, env: Env, uid: number): boolean {
  const value = env[name];
  if (!value) return true;
  const path = pathIn(value);
  return path === '' || isOwnPath(path, uid, name !== runtimeFolder);
}

/** What of a shell's environment decides what is found and where it is kept, and the user's systemd does not set by itself. */
export function shellVariables(): readonly string[] {
  const paths = variables.filter((name) => !['HOME', runtimeFolder].includes(name));
  return ['PATH', ...entries.flatMap(({ choices = [] }) => choices), ...paths];
}

const entries: readonly SourceEntry[] = sources;

const runtimeFolder = 'XDG_RUNTIME_DIR';

/** The variables for folders and sockets that vmssh or its tools trust. */
const variables: readonly string[] = [
  ...[runtimeFolder, 'HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'],
  ...entries.flatMap(({ environment = [] }) => environment),
];
