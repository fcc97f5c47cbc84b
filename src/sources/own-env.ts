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
  const isOwn = ([name, mayBeRoots]: readonly [string, boolean]) => {
    const path = pathIn(env[name] ?? '');
    return path === '' || isOwnPath(path, uid, mayBeRoots);
  };
  const foreign = variables.filter((each) => !isOwn(each)).map(([name]) => [name, undefined]);
  return foreign.length === 0 ? env : { ...env, ...Object.fromEntries(foreign) };
}

/** What of a shell's environment decides what is found and where it is kept, and the user's systemd does not set by itself. */
export function shellVariables(): readonly string[] {
  const paths = variables.map(([name]) => name).filter((name) => !['HOME', 'XDG_RUNTIME_DIR'].includes(name));
  return ['PATH', ...entries.flatMap(({ choices = [] }) => choices), ...paths];
}

const entries: readonly SourceEntry[] = sources;

/** The variables for folders and sockets that vmssh or its tools trust; and whether root may own each. */
const variables: readonly (readonly [string, boolean])[] = [
  ['XDG_RUNTIME_DIR', false],
  ['HOME', true],
  ['XDG_CONFIG_HOME', true],
  ['XDG_DATA_HOME', true],
  ['XDG_STATE_HOME', true],
  ...entries.flatMap(({ environment = [] }) => environment.map((name) => [name, true] as const)),
];
