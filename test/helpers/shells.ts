import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { findProgram } from './programs.js';

/** The shells that guests have as /bin/sh; busybox's is there if busybox is. On Debian sh is dash: it is tried once. */
export const shells: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'sh', command: ['sh'] },
  ...(isOther('dash') ? [{ name: 'dash', command: ['dash'] }] : []),
  ...(findProgram('busybox') ? [{ name: 'busybox sh', command: ['busybox', 'sh'] }] : []),
];

/** Whether it is there, and `sh` is another one. */
function isOther(name: string): boolean {
  const [path, sh] = [findProgram(name), findProgram('sh')];
  return path !== undefined && (sh === undefined || realpathSync(path) !== realpathSync(sh));
}

/** What a shell makes of a script. */
export function shell(
  command: readonly string[],
  script: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly args?: readonly string[] } = {},
) {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(
    program,
    [...args, '-c', script, 'sh', ...(options.args ?? [])],
    {
      encoding: 'utf8',
      env: options.env ?? process.env,
      timeout: 20_000,
    },
  );
  return { code: status, stdout, stderr };
}
