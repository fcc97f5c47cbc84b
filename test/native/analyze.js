// npm run lint:native [-- PART-OF-A-NAME…] [--write]: runs clang-tidy, with clang's analyzer, on our own C++ of the addon and of the
// executable for Linux. Fails if it finds anything; the checks left out, and why, are listed here. It takes minutes, so CI does not run
// it. --write keeps the result for docs/contributing/reliability.md. gcc's -fanalyzer in Debian 12 is not for C++: it takes operator new for malloc,
// and knows no destructors.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { engineSources } from '../../build/engine/sources.js';
import { files, headers, inParallel, sourceFiles } from '../../native/build.js';
import { compilerFlags } from '../../native/build-flags.js';
import { keep, ranOn } from '../reliability/page.js';

const native = fileURLToPath(new URL('../../native', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});

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
const sources = [
  ...sourceFiles('linux'),
  ...files('engine', '.cpp').filter((name) => !others.some((folder) => name.startsWith(folder))),
].filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
const include = ['-isystem', headers() ?? '', '-isystem', await engineSources()];
const flags = [...compilerFlags(undefined).filter((flag) => !flag.includes('FORTIFY')), ...include];
const checks = ['-*', ...groups.map((name) => `${name}-*`), ...Object.keys(left).map((name) => `-${name}`)];

/** @type {Record<string, (source: string) => string[]>} */
const tools = {
  'clang-tidy': (source) => [
    ...['--quiet', '--warnings-as-errors=*', `--checks=${checks.join(',')}`, source],
    ...['--', ...flags, '-Wno-unknown-warning-option'],
  ],
};

const start = Date.now();
/** @type {string[]} */
const ran = [];
for (const [tool, argsFor] of Object.entries(tools)) {
  if (spawnSync(tool, ['--version']).error) {
    console.error(`skipped: no ${tool}: apt-get install ${tool}`);
    if (process.env.VMSSH_NO_SKIP) process.exitCode = 1;
    continue;
  }
  ran.push(tool);
  await inParallel(
    sources.map((source) => async () => {
      const { code, output } = await run(tool, argsFor(source));
      if (code === 0) return;
      console.error(`${tool} ${source}:\n${output}`);
      process.exitCode = 1;
    }),
    2,
  );
}
console.error(
  `${sources.length} files in ${Math.round((Date.now() - start) / 1000)} s: ${process.exitCode ? 'FAILED' : 'clean'}`,
);
const isWhole = ran.length > 0 && positionals.length === 0;
if (values.write && isWhole && !process.exitCode) keep('analysis', section());

/** @returns {import('../reliability/types.js').Section} */
function section() {
  const names = groups.map((name) => `${name}-*`).join(', ');
  return {
    title: 'Static analysis',
    command: 'npm run lint:native -- --write',
    on: ranOn(Object.fromEntries(ran.map((tool) => [tool, versionOf(tool)]))),
    summary: ["clang-tidy with clang's analyzer", `nothing found in ${sources.length} files of C++`],
    text: [
      `All C++ of the addon and of the executable for Linux, but not the engine itself, which is not ours, nor ${others[1]}, which needs musl's headers. Checks of clang-tidy: ${names}.`,
    ],
    tables: [
      {
        caption: '### Not looked for',
        head: ['check', 'why'],
        rows: Object.entries(left),
      },
    ],
  };
}

/** @param {string} tool */
function versionOf(tool) {
  return /\d+\.\d+\.\d+/.exec(spawnSync(tool, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? '';
}

/** @param {string} program @param {readonly string[]} args @returns {Promise<{ code: number | null, output: string }>} */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: native });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
