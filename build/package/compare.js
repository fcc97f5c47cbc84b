// npm run compare -- FILE...: checks that shipped files are what this commit builds.
// It builds the commit that is checked out in a clone, and compares bytes. FILE is an executable, an addon or a file as in
// dist/package; none is run. They are equal only with the same compiler, as docs/install.md says. An rpm is compared without its signature.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commitOf } from '../bundle/commit.js';
import { buildInClone } from './clone.js';
import { firstDifference, placeOf, unsignedRpm } from './shipped.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const files = process.argv.slice(2).map((path) => ({ path, bytes: read(path) }));
const commit = commitOf(root)?.id;
if (files.length === 0) fail('no FILE given: npm run compare -- FILE...');
if (commit === undefined) fail('this is not a git checkout: there is no commit to build');

const clone = mkdtempSync(join(tmpdir(), 'vmssh-compare-'));
process.once('exit', () => rmSync(clone, { recursive: true, force: true }));
const wanted = files.map((file) => ({ ...file, ...placeOf(basename(file.path), file.bytes) }));
try {
  await buildInClone(root, clone, new Set(wanted.flatMap(({ scripts }) => scripts)));
} catch (error) {
  fail(/** @type {Error} */ (error).message);
}

for (const { path, bytes, place } of wanted) {
  const at = firstDifference(unsignedRpm(bytes), unsignedRpm(read(join(clone, place))));
  if (at !== undefined) process.exitCode = 1;
  const hash = createHash('sha256').update(bytes).digest('hex');
  console.log(
    at === undefined ? `equal: ${path} (sha256 ${hash})` : `differs: ${path}, at byte ${at} of ${place}`,
  );
}
console.log(`commit: ${commit}`);

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    return fail(/** @type {Error} */ (error).message);
  }
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`compare: ${message}`);
  process.exit(2);
}
