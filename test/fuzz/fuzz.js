#!/usr/bin/env node
// npm run fuzz: gives the code that reads others' bytes inputs that libFuzzer finds. See docs/contributing/reliability.md.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { inParallel } from '../../native/build.js';
import { keep, ranOn, recordOf } from '../reliability/page.js';
import { buildFuzzer } from './build.js';
import { targetNames } from './corpus.js';
import { fuzz } from './run.js';

const names = targetNames();
const usage = `Usage: npm run fuzz -- [options]

Fuzzes the code that reads bytes from others, and looks for inputs that reach new code. It runs in the engine, built by clang with
libFuzzer, AddressSanitizer and UBSan; branches of the JavaScript count too. Inputs start from test/fuzz/corpus.

  --seconds N    seconds for each target: 60 by default; 0 tries only the corpus, the same each time, as CI does
  --only NAME    only this target; can be repeated: ${names.join(', ')}
  --keep         add inputs that reached new code to the corpus
  --jobs N       fuzz N targets at once: 1 by default
  --input FILE   try only this input; needs exactly one --only
  --write        write the time and inputs to docs/contributing/reliability.md and dist/reliability; those of runs that are kept there add up; needs --keep

Examples:
  npm run fuzz -- --seconds 10
  npm run fuzz -- --seconds 3600 --jobs 2 --keep --write
  npm run fuzz -- --only xml --input fuzz-xml-crash-1a2b

Exit codes: 0 nothing failed; 1 something did, and its input is in a file in this folder; 2 wrong usage.`;

const options = /** @type {const} */ ({
  seconds: { type: 'string', default: '60' },
  only: { type: 'string', multiple: true },
  keep: { type: 'boolean', default: false },
  jobs: { type: 'string', default: '1' },
  input: { type: 'string' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
});

process.exitCode = await main();

async function main() {
  let values;
  try {
    ({ values } = parseArgs({ options }));
    const unknown = values.only?.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`no target "${unknown}": one of ${names.join(', ')}`);
    if (!/^\d+$/.test(values.seconds)) throw new Error(`--seconds ${values.seconds} is not a whole number`);
    if (values.input !== undefined && values.only?.length !== 1)
      throw new Error('--input needs exactly one --only');
    if (!/^[1-9]\d*$/.test(values.jobs))
      throw new Error(`--jobs ${values.jobs} is not a whole number above 0`);
    if (values.write && !values.keep) throw new Error('--write needs --keep');
  } catch (error) {
    console.error(`fuzz: ${/** @type {Error} */ (error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (spawnSync('clang++', ['--version']).error) {
    console.error('fuzz: no clang++: apt-get install clang libclang-rt-14-dev');
    return 1;
  }
  const program = await buildFuzzer();
  const how = { input: values.input, keep: values.keep, seconds: Number(values.seconds) };
  /** @type {Done[]} */
  const done = [];
  await inParallel(
    (values.only ?? names).map((name) => async () => {
      /** @type {Done} */
      const one = await fuzz(program, name, how);
      console.log(`${one.failure ? 'FAILED' : 'passed'} ${name}: ${one.failure ?? `${one.runs} inputs`}`);
      done.push(one);
      if (values.write && !one.failure) keep('fuzzing', section(withEarlier(one)));
    }),
    Number(values.jobs),
  );
  const failed = done.filter(({ failure }) => failure !== undefined).length;
  console.log(`\n${done.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
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
  return names.flatMap((name) => {
    const before = earlier.find((each) => each.name === name);
    if (now.name !== name) return before ?? [];
    return { ...now, seconds: now.seconds + (before?.seconds ?? 0), runs: now.runs + (before?.runs ?? 0) };
  });
}

/** @param {readonly Done[]} done @returns {import('../reliability/types.js').Section} */
function section(done) {
  const all = done.reduce((sum, { runs }) => sum + runs, 0);
  const least = Math.floor(Math.min(...done.map(({ seconds }) => seconds)) / 60);
  const forAnHour = done.filter(({ seconds }) => seconds >= 3600).length;
  const version = spawnSync('clang++', ['--version'], { encoding: 'utf8' }).stdout;
  return {
    title: 'Fuzzing',
    command: 'npm run fuzz -- --keep --write',
    on: ranOn({ clang: /\d+\.\d+\.\d+/.exec(version)?.[0] ?? '' }),
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
