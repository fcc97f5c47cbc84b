/** @import { FailedFile } from './failed.js' */
// node test/runs/again/again.js ARGS: vitest run ARGS. Files that failed are run once more at the end, one after another; what passes then is
// listed as flaky, and the run passes.
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endOnSignals, finish } from '../children.js';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

endOnSignals();
process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-again-'));
  try {
    const env = { ...process.env, VMSSH_FAILED: join(folder, 'failed.json') };
    const status = await finish(process.execPath, [vitest, 'run', ...args], { env });
    const failed = status === 0 ? [] : failedFiles(env.VMSSH_FAILED);
    if (failed.length === 0) return status ?? 1;
    console.log(`\nonce more, one after another: ${failed.map(({ file }) => file).join(', ')}`);
    const second = await finish(process.execPath, [vitest, 'run', ...again(args, failed)]);
    if (second !== 0) return second ?? 1;
    const lines = failed.flatMap(({ file, tests }) =>
      (tests.length > 0 ? tests : ['the file itself']).map((name) => `flaky: ${file} > ${name}\n`),
    );
    console.log(`${lines.join('')}Count these in test/runs/again/flaky.md.`);
    // The whole of several runs: .ci/run.
    if (process.env.VMSSH_FLAKY !== undefined) appendFileSync(process.env.VMSSH_FLAKY, lines.join(''));
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} path @returns {readonly FailedFile[]} */
function failedFiles(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

/** @param {string[]} args @param {readonly FailedFile[]} failed */
function again(args, failed) {
  const config = args.indexOf('--config');
  const projects = [...new Set(failed.map(({ project }) => project))].filter((project) => project !== '');
  return [
    ...(config < 0 ? [] : args.slice(config, config + 2)),
    ...projects.flatMap((project) => ['--project', project]),
    '--no-file-parallelism',
    ...new Set(failed.map(({ file }) => file)),
  ];
}
