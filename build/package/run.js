import { spawnSync } from 'node:child_process';

/**
 * Runs a program to its end; what it prints on stdout is returned. Throws if it fails, or if it is missing: then with `get`, the
 * command that installs it.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, get?: string }} [options]
 */
export function run(program, args, { get, ...options } = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
  });
  if (/** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === 'ENOENT')
    throw new Error(`${program} not found${get === undefined ? '' : `; ${get}`}`);
  if (status !== 0)
    throw new Error(`${program} failed: ${error?.message ?? `exit code ${status}\n${stderr}${stdout}`}`);
  return stdout;
}
