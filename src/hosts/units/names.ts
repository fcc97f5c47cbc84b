import { basename, join } from 'node:path';
import type { Io } from '../../cli/command.js';
import { configFolder } from '../../discovery/config-folder.js';
import { freshUnits } from '../fresh/units.js';
import { loopbackUnits } from '../loopback/units.js';

/** The folder of a user's own units. */
export function unitFolder(env: Io['env'], home: string): string {
  return join(configFolder(env, home), 'systemd/user');
}

/** Whether a path is one of our units. */
export function isUnit(path: string): boolean {
  const name = basename(path);
  return [...freshUnits, ...loopbackUnits].some((unit) => unit === name);
}
