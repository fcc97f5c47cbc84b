#!/usr/bin/env node
// npm run fuzz: what others' bytes come to, with inputs that libFuzzer finds. See docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { keep, ranOn } from '../reliability/page.js';
import { buildFuzzer } from './build.js';
import { targetNames } from './corpus.js';
import { fuzz } from './run.js';

const names = targetNames();
const usage = `Usage: npm run fuzz -- [options]

Feeds the readers of others' bytes with inputs that reach ever more of the code. They run in the engine, built by clang with
libFuzzer, AddressSanitizer and UBSan, which also counts the steps through JavaScript. It starts from test/fuzz/corpus.

  --seconds N    for each target: 60 by default; 0 is the corpus alone, the same each time, as CI does it
  --only NAME    only this target; can be repeated: ${names.join(', ')}
  --keep         add to the corpus what reached new code
  --input FILE   only this input, with one --only
  --write        write docs/reliability.md

Examples:
  npm run fuzz -- --seconds 10
  npm run fuzz -- --only xml --seconds 3600 --keep
  npm run fuzz -- --only xml --input fuzz-xml-crash-1a2b

Exit codes: 0 nothing was found; 1 something was, and its input is in a file here; 2 wrong usage.`;

const options = /** @type {const} */ ({
  seconds: { type: 'string', default: '60' },
  only: { type: 'string', multiple: true },
  keep: { type: 'boolean', default: false },
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
    if (values.input !== undefined && values.only?.length !== 1) throw new Error('--input needs one --only');
    if (values.write && values.only) throw new Error('--write is for a run of all targets');
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
  const done = [];
  for (const name of values.only ?? names) {
    const one = fuzz(program, name, {
      seconds: Number(values.seconds),
      input: values.input,
      keep: values.keep,
    });
    console.log(`${one.failure ? 'FAILED' : 'held  '} ${name}: ${one.failure ?? `${one.runs} inputs`}`);
    done.push(one);
  }
  const failed = done.filter(({ failure }) => failure !== undefined).length;
  console.log(`\n${done.length - failed} held, ${failed} failed`);
  if (values.write && failed === 0) keep('fuzzing', section(done, Number(values.seconds)));
  return failed === 0 ? 0 : 1;
}

/** @param {readonly { name: string, runs: number, corpus: number }[]} done @param {number} seconds */
function section(done, seconds) {
  const all = done.reduce((sum, { runs }) => sum + runs, 0);
  const version = spawnSync('clang++', ['--version'], { encoding: 'utf8' }).stdout;
  return {
    title: 'Fuzzing',
    command: 'npm run fuzz',
    on: ranOn({ clang: /\d+\.\d+\.\d+/.exec(version)?.[0] ?? '' }),
    summary: [
      /** @type {const} */ ([
        `fuzzing: ${done.length} readers of others' bytes, ${seconds} s each, guided by coverage`,
        `${all} inputs, nothing found`,
      ]),
    ],
    text: [
      `Each target of \`test/fuzz/targets.ts\` runs in the engine, with the C++ around it, built by clang with libFuzzer, AddressSanitizer and UBSan; each place of
JavaScript's bytecode counts as a branch. A target fails if it throws anything but its own error, contradicts itself, touches memory that is not its own, leaks, or takes 10 s.
Beside this, \`test/property/\` has property tests of the same readers and of the files that are written, with a real \`ssh -G\`; they are part of \`npm test\`.`,
    ],
    tables: [
      {
        head: ['target', 'inputs', 'kept in the corpus'],
        rows: done.map(({ name, runs, corpus }) => [name, String(runs), String(corpus)]),
      },
    ],
  };
}
