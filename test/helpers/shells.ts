import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { findProgram } from './programs.js';
import { skip } from './skips.js';

/** The shells that guests have as /bin/sh; busybox's is there if busybox is. On Debian sh is dash: it is tried once. */
export const shells: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'sh', command: ['sh'] },
  ...at('dash', isOther).map((path) => ({ name: 'dash', command: [path] })),
  ...at('busybox', usesPath).map((path) => ({ name: 'busybox sh', command: [path, 'sh'] })),
];

/** For the tables of many cases: each script is read by all shells anyway (test/guest/sh/scripts), and the shorter tests run in each. */
export const firstShell = shells.slice(0, 1);

function at(name: string, counts: (path: string) => boolean): readonly string[] {
  return [findProgram(name) ?? ''].filter((path) => path !== '' && counts(path));
}

/** Whether its sh runs the programs of PATH: that of busybox-static runs its own, so fakes would not be used. */
function usesPath(path: string): boolean {
  if (spawnSync(path, ['sh', '-c', 'id -u'], { env: { PATH: '/proc/none' } }).status !== 0) return true;
  skip('the sh of busybox-static runs no fakes: apt-get install busybox');
  return false;
}

/** Whether `sh` is another one. */
function isOther(path: string): boolean {
  return realpathSync(path) !== realpathSync('/bin/sh');
}

export function shell(
  command: readonly string[],
  script: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly args?: readonly string[] } = {},
) {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(
    program,
    [...args, '-c', script, 'sh', ...(options.args ?? [])],
    { encoding: 'utf8', env: options.env ?? process.env, timeout: 20_000 },
  );
  return { code: status, stdout, stderr };
}
