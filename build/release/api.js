// What programs may rely on, kept of the last release: node build/release/api.js. docs/reference/versions.md says what counts.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../package/run.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where the last release's is; missing before the first. */
export const releasedApi = join(root, 'test/api/released');

/** Writes this checkout's to a folder, which is made anew: its version, docs/reference/json.schema.json and the types of the library. */
export function recordApi(folder = releasedApi) {
  rmSync(folder, { recursive: true, force: true });
  const built = join(folder, 'built');
  mkdirSync(built, { recursive: true });
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    `${root}/tsconfig.build.json`,
    '--outDir',
    built,
  ]);
  const from = join(built, 'src');
  for (const file of typeFiles(join(from, 'index.d.ts'))) {
    mkdirSync(dirname(join(folder, 'types', file)), { recursive: true });
    copyFileSync(join(from, file), join(folder, 'types', file));
  }
  rmSync(built, { recursive: true });
  copyFileSync(join(root, 'docs/reference/json.schema.json'), join(folder, 'json.schema.json'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'version'), `${version}\n`);
}

/**
 * The files with types that an index.d.ts leads to, itself too, as paths relative to its folder.
 *
 * @param {string} index
 */
export function typeFiles(index) {
  const seen = new Set([index]);
  // A set goes on to what is added while it is walked.
  for (const file of seen) {
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g);
    for (const [, path = ''] of imports) seen.add(join(dirname(file), `${path}.d.ts`));
  }
  return [...seen].map((file) => relative(dirname(index), file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) recordApi();
