// npm run test:coverage: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Result } from '../runs/types.js' */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish } from '../runs/children.js';
import { linesOf } from './lines.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'dist/coverage');
const counts = join(reports, 'counts');
const minPercent = 95;

/** @type {Readonly<Record<string, string>>} */
const left = {
  'src/**/*.d.ts': 'types only',
  'src/engine/**': 'runs only in the executable, where test/engine/ and test/e2e/ try it',
  'src/program/executable.ts': 'starts the executable',
};

/** Runs the tests and counts. @returns {Promise<Result>} */
export async function run() {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(counts, { recursive: true });
  await runUnitTests();
  await runEndToEnd();
  const report = JSON.parse(readFileSync(join(reports, 'coverage-final.json'), 'utf8'));
  const files = linesOf(
    report,
    readdirSync(counts).map((name) => join(counts, name)),
  )
    .map(({ path, all, uncovered }) => ({ name: relative(root, path), all, uncovered }))
    .sort((a, b) => b.uncovered.length - a.uncovered.length);
  const percent = percentOf(total(files));
  for (const { name, uncovered } of files.slice(0, 40)) console.log(`  ${name}: ${uncovered.join(' ')}`);
  console.log(`${percent} of ${total(files).all} lines of src/ are run by tests`);
  const row = /** @type {const} */ (['lines of src/ that tests run', `${percent} of ${total(files).all}`]);
  return { passed: Number.parseFloat(percent) >= minPercent, row };
}

async function runUnitTests() {
  const options = ['enabled', 'provider=v8', 'reporter=json', `reportsDirectory=${reports}`, 'clean=false'];
  const patterns = ['include=src/**/*.ts', ...Object.keys(left).map((pattern) => `exclude=${pattern}`)];
  const flags = [...options, ...patterns].map((option) => `--coverage.${option}`);
  const args = ['--project', 'unit', '--project', 'rest-unit', ...flags];
  const status = await vitest(args);
  if (status !== 0) throw new Error(`the unit tests ended with ${status}`);
}

/** Some test what only a build has, and fail here: npm test is where they must pass. */
async function runEndToEnd() {
  await vitest(['test/e2e', 'test/demo/demo.test.ts'], {
    VMSSH_TEST_RUNTIME: 'source',
    NODE_V8_COVERAGE: counts,
  });
}

/** @param {readonly string[]} args @param {Record<string, string>} [env] */
function vitest(args, env) {
  // Counting takes time.
  return finish('npx', ['vitest', 'run', '--testTimeout', '120000', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
}

/** @param {readonly Counted[]} counted */
function total(counted) {
  return {
    all: counted.reduce((sum, { all }) => sum + all, 0),
    run: counted.reduce((sum, { all, uncovered }) => sum + all - uncovered.length, 0),
  };
}

/** @param {{ all: number, run: number }} lines */
function percentOf({ all, run }) {
  return `${((100 * run) / Math.max(all, 1)).toFixed(1)} %`;
}

/** @typedef {{ name: string, all: number, uncovered: number[] }} Counted */
