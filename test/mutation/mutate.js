// npm run test:mutation: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Result } from '../runs/types.js' */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish } from '../runs/children.js';
import { areas } from './areas.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'dist/mutation');
const minScore = 85;

/** The last version for Node 20. Its 200 packages take 105 MB, so they are kept in the cache, apart from ours. */
const version = '9.6.1';
const tool = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'vmssh-build',
  `stryker-${version}`,
);

/** Changes each area, and prints what its tests did not notice. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names, options: { loaded = false } }) {
  await install();
  let isGood = true;
  for (const [name, area] of Object.entries(areas).filter(([name]) => names.includes(name))) {
    await mutate(name, { loaded: loaded === true, ...area });
    const { score, all, kept } = scoreOf(name);
    console.log(
      `${name}: ${score} of ${all} changes are noticed\n${kept.map((each) => `  ${each}\n`).join('')}`,
    );
    isGood &&= Number.parseFloat(score) >= minScore;
  }
  return { passed: isGood, row: row() };
}

async function install() {
  if (existsSync(join(tool, 'node_modules/@stryker-mutator/vitest-runner'))) return;
  mkdirSync(tool, { recursive: true });
  writeFileSync(join(tool, 'package.json'), '{"private":true}\n');
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`);
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--save-exact', '--no-audit', '--no-fund'];
  const status = await finish('npm', ['install', ...flags, ...packages], { cwd: tool });
  if (status !== 0) throw new Error(`npm ended with ${status}`);
}

/** @param {string} name @param {import('./areas.js').Area} area */
async function mutate(name, { mutate, tests, loaded }) {
  mkdirSync(reports, { recursive: true });
  // With two copies of vitest, the tests would use one and the runner the other.
  const link = join(tool, 'node_modules/vitest');
  rmSync(link, { recursive: true, force: true });
  symlinkSync(join(root, 'node_modules/vitest'), link);
  const config = join(reports, `${name}.stryker.json`);
  writeFileSync(
    config,
    JSON.stringify({
      mutate,
      testRunner: 'vitest',
      concurrency: Number(process.env.VMSSH_MUTATION_JOBS ?? 2),
      plugins: [join(tool, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
      vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
      reporters: ['json'],
      jsonReporter: { fileName: reportOf(name) },
      allowConsoleColors: false,
      // Not docs: tests read it, and a test file that fails to load would be left out silently.
      tempDirName: join(reports, `${name}.work`),
      ignorePatterns: ['dist', 'native/build'],
      // Its own rewriting of tsconfig.json needs an older TypeScript.
      tsconfigFile: 'none.json',
      ignoreStatic: !loaded,
    }),
  );
  const env = { ...process.env, VMSSH_MUTATION_TESTS: tests.join(','), VMSSH_TEST_RUNS: '0.1' };
  const stryker = join(tool, 'node_modules/.bin/stryker');
  const status = await finish(stryker, ['run', config], { cwd: root, env });
  if (status !== 0) throw new Error(`stryker ended with ${status}`);
}

/** @param {string} name */
function reportOf(name) {
  return join(reports, `${name}.json`);
}

/** Of the last report. @param {string} name */
function scoreOf(name) {
  /** @type {{ files: Record<string, { mutants: Mutant[] }> }} */
  const { files } = JSON.parse(readFileSync(reportOf(name), 'utf8'));
  const made = Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file })),
  );
  const counted = made.filter(({ status }) => status !== 'Ignored');
  const kept = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const lines = kept.map(
    ({ file, location, mutatorName, replacement = '' }) =>
      `${file}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement.replaceAll(/\s+/g, ' ').slice(0, 100)}`,
  );
  const score = `${((100 * (counted.length - kept.length)) / counted.length).toFixed(1)} %`;
  return { score, all: counted.length, kept: lines, noticed: counted.length - kept.length };
}

/** Of all areas that have a report. @returns {[what: string, result: string, on: string]} */
function row() {
  const tried = Object.keys(areas)
    .filter((name) => existsSync(reportOf(name)))
    .map(scoreOf);
  const sum = (/** @type {'all' | 'noticed'} */ of) => tried.reduce((total, each) => total + each[of], 0);
  const what = 'changes to the sources that unit tests notice';
  return [what, `${sum('noticed')} of ${sum('all')}`, `Stryker ${version}`];
}

/** @typedef {{ status: string, mutatorName: string, replacement?: string, location: { start: { line: number, column: number } } }} Mutant */
