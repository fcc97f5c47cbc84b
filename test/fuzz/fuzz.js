// npm run fuzz: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Result } from '../runs/types.js' */
import { spawnSync } from 'node:child_process';
import { inParallel } from '../../native/build.js';
import { buildFuzzer } from './build.js';
import { fuzz } from './run.js';

/** Fuzzes each target. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names, options: { seconds = '60', jobs = '1', input, keep = false } }) {
  if (input !== undefined && names.length !== 1) throw new Error('--input needs exactly one target');
  const program = await buildFuzzer();
  const how = {
    keep: keep === true,
    input: input === undefined ? undefined : String(input),
    seconds: Number(seconds),
  };
  /** @type {Done[]} */
  const done = [];
  await inParallel(
    names.map((name) => async () => {
      /** @type {Done} */
      const one = await fuzz(program, name, how);
      console.log(`${one.failure ? 'FAILED' : 'passed'} ${name}: ${one.failure ?? `${one.runs} inputs`}`);
      done.push(one);
    }),
    Number(jobs),
  );
  const failed = done.filter(({ failure }) => failure !== undefined).length;
  console.log(`\n${done.length - failed} passed, ${failed} failed`);
  return { passed: failed === 0, row: row(done) };
}

/** @param {readonly Done[]} done @returns {[what: string, result: string, on: string]} */
function row(done) {
  const all = done.reduce((sum, { runs }) => sum + runs, 0);
  const least = Math.floor(Math.min(...done.map(({ seconds }) => seconds)) / 60);
  const version = spawnSync('clang++', ['--version'], { encoding: 'utf8' }).stdout;
  const on = `clang ${/\d+\.\d+\.\d+/.exec(version)?.[0] ?? ''}`;
  return [
    `${done.length} readers of others' bytes, each for ${least} min or more`,
    `${all} inputs; none failed`,
    on,
  ];
}

/** @typedef {{ name: string, seconds: number, runs: number, corpus: number, failure?: string }} Done */
