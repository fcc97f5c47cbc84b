import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { setVersion } from '../../build/release/versions.js';
import { run } from '../helpers/run.js';

/** What makes dist/package of a checkout. */
const steps = [
  'node.js --no-executable',
  'exe.js',
  'exe.js --target linux-arm64',
  'sshd/all.js',
  'types.js',
  'win.js',
  'package/package.js',
];

interface CloneOptions {
  readonly version?: string;
  readonly umask?: string;
  /** What it is built with beside this environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether those for Windows are built, too. */
  readonly windows?: boolean;
}

/**
 * Builds the packages of the commit that is checked out in a clone of it, as another version if one is given, by a user with this umask.
 * Returns the folder of the packages.
 */
export async function packagesOfClone(
  folder: string,
  { version, umask = '022', windows = true, env }: CloneOptions = {},
): Promise<string> {
  await succeed(umask, ['git', 'clone', '--quiet', '.', folder]);
  cpSync('node_modules', join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  if (version !== undefined) setVersion(folder, version);
  for (const step of steps.filter((each) => windows || each !== 'win.js')) {
    const [script = '', ...args] = step.split(' ');
    await succeed(umask, [process.execPath, join('build', script), ...args], folder, env);
  }
  return join(folder, 'dist/package');
}

async function succeed(
  umask: string,
  command: readonly string[],
  cwd?: string,
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  const { code, stderr } = await run(['sh', '-c', 'umask "$0" && exec "$@"', umask, ...command], {
    timeout: 1_800_000,
    ...(cwd && { cwd }),
    env: { ...process.env, ...env },
  });
  expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' });
}
