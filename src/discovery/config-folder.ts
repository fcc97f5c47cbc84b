import { isAbsolute, join } from 'node:path';
import { ownEnv } from './own-env.js';
import type { Deps } from './provider.js';

/**
 * The folder of a user's settings. XDG_CONFIG_HOME counts if it is absolute, as its specification has it, and not another
 * user's (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
export function configFolder(env: Deps['env'], home: string, uid = process.getuid?.()): string {
  const { XDG_CONFIG_HOME = '' } = ownEnv(env, uid);
  return isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config');
}
