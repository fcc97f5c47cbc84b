// npm run fuzz: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Section } from '../runs/types.js' */
import { spawnSync } from 'node:child_process';
import { inParallel } from '../../native/build.js';
import { recordOf } from '../runs/page.js';
import { buildFuzzer } from './build.js';
import { targetNames } from './corpus.js';
import { fuzz } from './run.js';

/**
 * Fuzzes each target.
 * @param {Choice} choice
 * @param {(section: Section) => void} write
 */
export async function run({ names, seconds = 60, jobs = 1, input, keep = false }, write) {
  const program = await buildFuzzer();
  /** @type {Done[]} */
  const done = [];
  await inParallel(
    names.map((name) => async () => {
      /** @type {Done} */
      const one = await fuzz(program, name, { input, keep, seconds });
      console.log(`${one.failure ? 'FAILED' : 'passed'} ${name}: ${one.failure ?? `${one.runs} inputs`}`);
      done.push(one);
      // At once, so that an interrupted run keeps its results.
      if (!one.failure) write(section(withEarlier(one)));
    }),
    jobs,
  );
  const failed = done.filter(({ failure }) => failure !== undefined).length;
  console.log(`\n${done.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

/** Each run goes on from the corpus of the one before: their times and inputs add up. @param {Done} now */
function withEarlier(now) {
  const rows = recordOf('fuzzing')?.tables[0]?.rows ?? [];
  const earlier = rows.map(([name = '', seconds, runs, corpus]) => ({
    name,
    seconds: Number(seconds),
    runs: Number(runs),
    corpus: Number(corpus),
  }));
  return targetNames().flatMap((name) => {
    const before = earlier.find((each) => each.name === name);
    if (now.name !== name) return before ?? [];
    return { ...now, seconds: now.seconds + (before?.seconds ?? 0), runs: now.runs + (before?.runs ?? 0) };
  });
}

/** @param {readonly Done[]} done @returns {Section} */
function section(done) {
  const all = done.reduce((sum, { runs }) => sum + runs, 0);
  const least = Math.floor(Math.min(...done.map(({ seconds }) => seconds)) / 60);
  const forAnHour = done.filter(({ seconds }) => seconds >= 3600).length;
  const version = spawnSync('clang++', ['--version'], { encoding: 'utf8' }).stdout;
  return {
    title: 'Fuzzing',
    on: { clang: /\d+\.\d+\.\d+/.exec(version)?.[0] ?? '' },
    summary: [
      `${done.length} readers of others' bytes, ${forAnHour} of them for an hour of a processor or more, none for less than ${least} min`,
      `${all} inputs; none failed`,
    ],
    text: [
      `Each target of \`test/fuzz/targets.ts\` runs in the engine, with the C++ around it, built by clang with libFuzzer, AddressSanitizer and UBSan; each place of
JavaScript's bytecode counts as a branch. A target fails if it throws anything but its own error, contradicts itself, touches memory that is not its own, leaks, or takes 10 s. An
input that failed stays in the corpus after the fix, and CI runs it.
Beside this, \`test/property/\` has property tests of the same readers and of the files that are written, with a real \`ssh -G\`; they are part of \`npm test\`.`,
    ],
    tables: [
      {
        head: ['target', 'seconds of a processor', 'inputs', 'kept in the corpus'],
        rows: done.map(({ name, seconds, runs, corpus }) => [name, ...[seconds, runs, corpus].map(String)]),
      },
    ],
  };
}

/** @typedef {{ name: string, seconds: number, runs: number, corpus: number, failure?: string }} Done */
