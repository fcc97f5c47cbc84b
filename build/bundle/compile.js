import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installRuntimes } from '../runtimes.js';
import { bundle, root } from './bundle.js';
import { lateBuiltins } from './late-builtins.js';

/**
 * Compiles src/bin/executable.ts to the file `executable` for another system than this one: `target` is bun's name of it,
 * and `bun` the path of its bun. Throws if that fails.
 * @param {string} executable
 * @param {{ readonly target: string, readonly bun: string }} other
 */
export async function compile(executable, { target, bun }) {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'vmssh-executable-'));
  try {
    const late = lateBuiltins();
    await bundle({
      dir,
      // One file, and all of it the entry's: each one more takes time at each start.
      fastPath: { format: 'esm', file: 'fast-path.mjs', start: 'src/bin/executable.ts', plugins: [late] },
      modulePlugins: [late],
    });
    const args = [
      'run',
      join(root, 'build/bundle/compile-bun.js'),
      join(dir, 'fast-path.mjs'),
      executable,
      target,
      bun,
    ];
    const { status } = spawnSync(installRuntimes().bun, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`bun ended with ${status}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
