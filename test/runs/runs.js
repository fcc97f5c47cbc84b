/** @import { Run } from './types.js' */
import { targetNames } from '../fuzz/corpus.js';
import { areas } from '../mutation/areas.js';

const dist = ['build', 'build:exe'];
const runtimes = ['executable', 'node'];
const sshd = { ssh: 'openssh-client', 'ssh-keygen': 'openssh-client', sshd: 'openssh-server' };
const rowOf = (/** @type {string} */ row) =>
  `the row "${row}" of docs/contributing/reliability.md, and the whole report to dist/reliability`;

/**
 * All runs that measure vmssh or try to break it.
 * @type {readonly Run[]}
 */
export const runs = [
  {
    name: 'bench',
    script: 'bench',
    summary: 'measures it side by side with its peers',
    about: `Measures vmssh, systemd-ssh-proxy, libvirt-ssh-proxy, socat, ncat and bare processes in turn, and compares medians. A missed target
is no failure. Progress goes to stderr.`,
    needs: { system: 'linux-x64', programs: { cc: 'gcc libc6-dev' } },
    builds: dist,
    names: {
      what: 'figure',
      all: () => [
        ...[
          'start-pass',
          'instructions',
          'login',
          'start-relay',
          'bulk-up',
          'bulk-down',
          'echo',
          'memory-1',
          'memory-10',
        ],
        ...['crowd', 'crowd-failed', 'crowd-left', 'descriptors', 'threads'],
        ...['size', 'version', 'complete', 'list', 'list-machined', 'list-many'],
      ],
    },
    options: {
      quick: { says: 'few runs and little data, to see that everything works: a minute at most' },
      runs: { takes: 'N', least: 1, says: 'runs of each figure' },
      json: { says: 'print the result as JSON' },
      from: {
        takes: 'FILE',
        says: 'measure nothing, but take the result that --json printed; with names, measure these again',
      },
    },
    writes: 'docs/contributing/performance.md, docs/pictures/performance.svg and dist/bench.json',
    writeArgs: '--write',
    examples: {
      '--quick': 'see that everything works',
      'start-pass login': 'only these figures',
      '--from dist/bench.json': 'print these figures again',
    },
    load: () => import('../bench/bench.js'),
  },
  {
    name: 'fuzz',
    script: 'fuzz',
    summary: "gives each reader of others' bytes inputs that libFuzzer finds",
    about: `Fuzzes the code that reads bytes from others, and looks for inputs that reach new code. It runs in the engine, built by clang with
libFuzzer, AddressSanitizer and UBSan; branches of the JavaScript count too. Inputs start from test/fuzz/corpus. An input that failed
goes to a file in this folder.`,
    needs: { programs: { 'clang++': 'clang libclang-rt-14-dev' } },
    builds: [],
    names: { what: 'target', all: targetNames },
    options: {
      seconds: {
        takes: 'N',
        least: 0,
        says: 'for each target: 60 by default; 0 tries only the corpus, the same each time, as CI does',
      },
      keep: { says: 'add inputs that reached new code to the corpus' },
      jobs: { takes: 'N', least: 1, says: 'fuzz N targets at once: 1 by default' },
      input: { takes: 'FILE', says: 'try only this input; needs exactly one target' },
    },
    row: 'fuzzing',
    writes: `${rowOf('fuzzing')}: times and inputs add up; needs --keep`,
    writeArgs: '--keep --write',
    problem: ({ input, names, write, keep }) =>
      input !== undefined && names.length !== 1
        ? '--input needs exactly one target'
        : write && !keep
          ? '--write needs --keep'
          : undefined,
    examples: {
      '--seconds 10': 'each target for ten seconds',
      '--seconds 3600 --jobs 2 --keep --write': 'for an hour, and keep what it finds',
      'xml --input fuzz-xml-crash-1a2b': 'only one input again',
    },
    load: () => import('../fuzz/fuzz.js'),
  },
  {
    name: 'stress',
    script: 'test:stress',
    summary: 'many logins, relays and bytes, with nothing lost or left behind',
    about: `Runs vmssh under load, on Node and as the executable. It compares every byte, and counts the descriptors, threads, processes and
files that are left behind. A full run takes 40 minutes on two processors.`,
    needs: { programs: { cc: 'gcc libc6-dev', ...sshd, rsync: 'rsync' } },
    builds: dist,
    names: {
      what: 'load',
      all: async () => (await import('../stress/loads.js')).allLoads.map(({ id }) => id),
    },
    options: {
      quick: { says: 'fewer of each: about a minute' },
      runtime: { takes: 'NAME', oneOf: runtimes, says: `only this runtime: ${runtimes.join(' or ')}` },
    },
    row: 'load',
    writes: `${rowOf('load')}; loads that are not named keep their results`,
    writeArgs: '--write',
    problem: ({ write, quick, runtime }) =>
      write && (quick || runtime) ? '--write needs a full run, on both runtimes' : undefined,
    examples: {
      '--quick': 'a minute',
      'stream --runtime executable': 'only one load, on one runtime',
    },
    load: () => import('../stress/stress.js'),
  },
  {
    name: 'faults',
    script: 'test:faults',
    summary: 'everything around it fails: peers, disks, memory, ssh, the clock',
    about: 'Runs test/faults: every fault, on the executable and on Node.',
    needs: {
      better:
        'As root, and with strace (apt-get install strace), there are more faults; what is skipped says so.',
    },
    builds: dist,
    options: {
      runtime: {
        takes: 'NAME',
        says: `only this runtime: ${runtimes.join(' or ')}, or another of test/helpers/run.ts`,
      },
    },
    row: 'faults',
    writes: rowOf('faults'),
    writeArgs: '--write',
    examples: { '': 'all', '--runtime node': 'without the executable' },
    load: () => import('../faults/faults.js'),
  },
  {
    name: 'sanitize',
    script: 'test:sanitize',
    summary: 'the addon and the executable under ASan, UBSan, LSan and TSan',
    about: `Builds the addon and the executable with sanitizers, and runs the addon's tests and the end-to-end tests on them. It ends at the first
that fails.`,
    needs: { programs: { setarch: 'util-linux' } },
    builds: ['build'],
    names: {
      what: 'build',
      all: () => ['addon-address', 'addon-thread', 'executable-address', 'executable-thread'],
    },
    options: {},
    rest: 'options of vitest',
    row: 'sanitizers',
    writes: `${rowOf('sanitizers')}; needs a full run`,
    writeArgs: '--write',
    problem: onlyWhole,
    examples: {
      addon: 'the addon with ASan and UBSan, then with TSan',
      "executable-address -- --project '!rest-hops'": 'without the tests of hops',
    },
    load: () => import('../reliability/sanitize.js'),
  },
  {
    name: 'mutation',
    script: 'test:mutation',
    summary: 'changes the sources in small ways: do the tests notice?',
    about: `Changes the sources in small ways, and counts the changes that the unit tests notice (https://stryker-mutator.io). Fails if an area's
score is under 85 %. Reports: dist/mutation. VMSSH_MUTATION_JOBS says how many run at once: 2 by default.`,
    needs: { better: 'The first time, npm installs Stryker into the cache: 105 MB.' },
    builds: [],
    names: { what: 'area', all: () => Object.keys(areas) },
    options: {
      loaded: {
        says: 'also change code that runs when its file is loaded: five times as long, as each change needs all tests of its area',
      },
    },
    row: 'mutation',
    writes: `${rowOf('mutation')}: the figures of all areas that have a report`,
    writeArgs: '--write',
    examples: { '': 'all areas', 'targets identity': 'only these' },
    load: () => import('../mutation/mutate.js'),
  },
  {
    name: 'coverage',
    script: 'test:coverage',
    summary: 'the lines of src/ that tests run',
    about: `Counts the lines of src/ that tests run. vitest counts for unit tests, V8 for end-to-end tests of the program from its sources. Fails
under 95 %. Reports: dist/coverage.`,
    needs: {},
    builds: [],
    options: {},
    row: 'coverage',
    writes: rowOf('coverage'),
    writeArgs: '--write',
    examples: { '': 'all' },
    load: () => import('../reliability/coverage.js'),
  },
  {
    name: 'analysis',
    script: 'lint:native',
    summary: 'clang-tidy over our own C++',
    about: `Runs clang-tidy, with clang's analyzer, on our own C++ of the addon and of the executable for Linux. Fails if it finds anything. It takes
minutes, so CI does not run it.`,
    needs: { programs: { 'clang-tidy': 'clang-tidy' } },
    builds: [],
    names: { what: 'part' },
    options: {},
    row: 'analysis',
    writes: `${rowOf('analysis')}; needs a full run`,
    writeArgs: '--write',
    problem: onlyWhole,
    examples: { '': 'all files', relay: 'files with "relay" in their names' },
    load: () => import('../native/analyze.js'),
  },
];

/** @param {import('./types.js').Choice} choice */
function onlyWhole({ write, isWhole }) {
  return write && !isWhole ? '--write needs a full run' : undefined;
}
