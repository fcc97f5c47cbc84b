// Writes the man pages: node build/man.js [FOLDER], dist/man if it is left out
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { sourceTime } from './bundle/commit.js';
import { packages, refuseWarnings } from './bundle/graph.js';
import { shellText } from './bundle/shell-text.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Man pages, completions and ssh_config lines, by the program's own sources.
 * @returns {Promise<typeof import('./man/entry.js')>}
 */
export async function extras() {
  const build = await rolldown({
    cwd: root,
    input: 'build/man/entry.ts',
    platform: 'node',
    plugins: [shellText()],
    external: packages,
    checks: { ineffectiveDynamicImport: false },
    onLog: refuseWarnings,
  });
  const { output } = await build.write({
    dir: join(root, 'node_modules/.cache/vmssh-extras'),
    format: 'esm',
    entryFileNames: 'extras.mjs',
    chunkFileNames: '[name].mjs',
  });
  await build.close();
  return import(join(root, 'node_modules/.cache/vmssh-extras', output[0].fileName));
}

/** @param {string} folder */
export async function writeManPages(folder) {
  mkdirSync(folder, { recursive: true });
  const { linuxPages } = await extras();
  for (const { file, text } of linuxPages(sourceDate())) writeFileSync(join(folder, file), text);
}

/** When the sources were committed, as "2026-11-24". */
export function sourceDate() {
  return new Date(Number(sourceTime(root)) * 1000).toISOString().slice(0, 10);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeManPages(process.argv[2] ?? join(root, 'dist/man'));
