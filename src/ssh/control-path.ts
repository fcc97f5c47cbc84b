import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { settingIn } from '../process/ssh-program.js';

/** The ControlPath in the output of `ssh -G HOST`, if a "/" in the host's name breaks it: ssh makes no folder for its socket. */
export function brokenControlPath(
  settings: string,
  host: string,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  const path = settingIn(settings, 'controlpath');
  const master = settingIn(settings, 'controlmaster') ?? 'no';
  if (path === undefined || path === 'none' || /^(no|false)$/.test(master) || !host.includes('/'))
    return undefined;
  // An older ssh prints the tokens, a newer one their values (ssh_config(5), TOKENS).
  if (/(?<!%)(?:%%)*%[hkn]/.test(path)) return path;
  const isIn = path.toLowerCase().includes(host.toLowerCase());
  return isIn && !exists(posix.dirname(path)) ? path : undefined;
}

export const controlPathFix =
  'write %C instead of %h in your ssh configuration, as in ControlPath ~/.ssh/control-%C';

export function controlPathMessage(path: string): string {
  return `ssh's ControlPath is ${path}: with the "/" of a target in it ssh cannot make that socket, and no login works`;
}
