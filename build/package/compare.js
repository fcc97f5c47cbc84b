// npm run compare -- FILE...: checks that shipped files are what this commit builds.
// It builds the commit that is checked out in a clone, and compares bytes. FILE is an executable, an addon or a file as in
// dist/package; none is run. They are equal only with the same compiler, as docs/install.md says.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commitOf } from '../bundle/commit.js';
import { firstDifference, placeOf } from './shipped.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const files = process.argv.slice(2).map((path) => ({ path, bytes: read(path) }));
const commit = commitOf(root)?.id;
if (files.length === 0) fail('no FILE given: npm run compare -- FILE...');
if (commit === undefined) fail('this is not a git checkout: there is no commit to build');

const clone = mkdtempSync(join(tmpdir(), 'vmssh-compare-'));
process.once('exit', () => rmSync(clone, { recursive: true, force: true }));
run(['git', 'clone', '--quiet', root, clone], root);
run(['npm', 'ci', '--silent'], clone);
const wanted = files.map((file) => ({ ...file, ...placeOf(basename(file.path), file.bytes) }));
for (const script of new Set(wanted.flatMap(({ scripts }) => scripts)))
  run(['npm', 'run', '--silent', ...script.split(' ')], clone);

for (const { path, bytes, place } of wanted) {
  const at = firstDifference(bytes, read(join(clone, place)));
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

/** @param {readonly string[]} command @param {string} cwd */
function run([program = '', ...args], cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${[program, ...args].join(' ')} failed`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`compare: ${message}`);
  process.exit(2);
}
