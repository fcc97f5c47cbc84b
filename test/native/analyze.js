// npm run lint:native: see test/runs/runs.js and docs/contributing/reliability.md. The checks left out, and why, are listed here. gcc's
// -fanalyzer in Debian 12 is not for C++: it takes operator new for malloc, and knows no destructors.
/** @import { Choice, Result } from '../runs/types.js' */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineSources } from '../../build/engine/sources.js';
import { files, headers, inParallel, sourceFiles } from '../../native/build.js';
import { compilerFlags } from '../../native/build-flags.js';
import { endWithRun } from '../runs/children.js';

const native = fileURLToPath(new URL('../../native', import.meta.url));

/** Groups of clang-tidy's checks: all are run but those in `left`, each with its reason. */
const groups = ['bugprone', 'cert', 'clang-analyzer', 'concurrency'];
/** @type {Record<string, string>} */
const left = {
  'bugprone-easily-swappable-parameters':
    'ports, sizes and descriptors are all numbers, so it reports each pair of them',
  'bugprone-reserved-identifier': 'names that libc or libstdc++ ask for',
  'cert-dcl37-c': 'the same check by another name',
  'cert-err09-cpp': 'a thread that fails keeps the error, and another one throws it',
  'cert-err33-c': 'fprintf to stderr, and fclose after reading: there is nothing to do if they fail',
  'cert-err58-cpp': 'what is made at the start: without memory for it the program ends, as it should',
  'cert-err61-cpp': 'the same check as cert-err09-cpp',
  'concurrency-mt-unsafe':
    'exit and getenv are called while there is one thread, and each readdir has a folder of its own',
  'cert-err60-cpp': 'a Failure holds text; the process aborts if there is no memory for a copy of it',
  'cert-dcl51-cpp': 'the same check by another name',
};

/** These need headers of Windows and of musl. */
const others = ['engine/windows/', 'engine/musl/'];
const checks = ['-*', ...groups.map((name) => `${name}-*`), ...Object.keys(left).map((name) => `-${name}`)];
const tool = 'clang-tidy';

/** Looks at all sources, or at those with one of the names in theirs. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names }) {
  const all = [
    ...sourceFiles('linux'),
    ...files('engine', '.cpp').filter((name) => !others.some((folder) => name.startsWith(folder))),
  ];
  const sources = all.filter((name) => names.length === 0 || names.some((part) => name.includes(part)));
  const include = ['-isystem', headers() ?? '', '-isystem', await engineSources()];
  const flags = [...compilerFlags(undefined).filter((flag) => !flag.includes('FORTIFY')), ...include];
  const options = ['--quiet', '--warnings-as-errors=*', `--checks=${checks.join(',')}`];
  const start = Date.now();
  let isClean = true;
  await inParallel(
    sources.map((source) => async () => {
      const args = [...options, source, '--', ...flags, '-Wno-unknown-warning-option'];
      const { code, output } = await analyze(args);
      if (code === 0) return;
      console.error(`${tool} ${source}:\n${output}`);
      isClean = false;
    }),
    2,
  );
  const seconds = Math.round((Date.now() - start) / 1000);
  console.error(`${sources.length} files in ${seconds} s: ${isClean ? 'clean' : 'FAILED'}`);
  const version = spawnSync(tool, ['--version'], { encoding: 'utf8' }).stdout;
  const on = `${tool} ${/\d+\.\d+\.\d+/.exec(version)?.[0] ?? ''}`;
  const found = `nothing found in ${sources.length} files of C++`;
  return { passed: isClean, row: ["clang-tidy with clang's analyzer", found, on] };
}

/** @param {readonly string[]} args @returns {Promise<{ code: number | null, output: string }>} */
function analyze(args) {
  return new Promise((resolve, reject) => {
    const child = endWithRun(spawn(tool, args, { cwd: native }));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
