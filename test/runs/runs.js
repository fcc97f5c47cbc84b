/** @import { Run } from './types.js' */
import { targetNames } from '../fuzz/corpus.js';
import { areas } from '../mutation/areas.js';

const dist = ['build', 'build:exe'];
const sshd = { ssh: 'openssh-client', 'ssh-keygen': 'openssh-client', sshd: 'openssh-server' };
const ofRuntime = /** @type {const} */ ({ type: 'string', says: 'only this runtime: executable or node' });

/**
 * All runs that measure vmssh or try to break it; docs/contributing/reliability.md says what each tries.
 * @type {readonly Run[]}
 */
export const runs = [
  {
    name: 'bench',
    script: 'bench',
    summary: 'measures it side by side with its peers, and compares with test/bench/baseline.json',
    needs: { cc: 'gcc libc6-dev' },
    builds: dist,
    names: async () => (await import('../bench/bench.js')).ids,
    options: {
      quick: { type: 'boolean', says: 'few runs and little data, to see that everything works' },
      json: { type: 'boolean', says: 'prints the result as JSON' },
    },
    load: () => import('../bench/bench.js'),
  },
  {
    name: 'budget',
    script: 'budget',
    summary:
      'counts the instructions and system calls of each path: no more than test/budget/table.json says',
    needs: { cc: 'gcc libc6-dev', valgrind: 'valgrind', unshare: 'util-linux' },
    names: async () => (await import('../budget/budget.js')).ids,
    options: { program: { type: 'string', says: 'counts this executable, and compares with the table' } },
    load: () => import('../budget/budget.js'),
  },
  {
    name: 'fuzzing',
    script: 'fuzz',
    summary: "gives each reader of others' bytes inputs that libFuzzer finds",
    needs: { 'clang++': 'clang libclang-rt-14-dev' },
    names: targetNames,
    options: {
      seconds: {
        type: 'string',
        says: 'for each target, 60 by default; 0 tries only the corpus, as CI does',
      },
      keep: { type: 'boolean', says: 'adds inputs that reached new code to the corpus' },
      jobs: { type: 'string', says: 'so many targets at once' },
      input: { type: 'string', says: 'tries only this input, on one target' },
    },
    load: () => import('../fuzz/fuzz.js'),
  },
  {
    name: 'load',
    script: 'test:stress',
    summary: 'many logins, relays and bytes, with nothing lost or left behind: 40 minutes',
    needs: { cc: 'gcc libc6-dev', ...sshd, rsync: 'rsync' },
    builds: dist,
    names: async () => (await import('../stress/loads.js')).allLoads.map(({ id }) => id),
    options: {
      quick: { type: 'boolean', says: 'fewer of each: about a minute' },
      runtime: ofRuntime,
    },
    load: () => import('../stress/stress.js'),
  },
  {
    name: 'faults',
    script: 'test:faults',
    summary:
      'everything around it fails: peers, disks, memory, ssh, the clock; more of it as root, and with strace',
    builds: dist,
    options: { runtime: ofRuntime },
    load: () => import('../faults/faults.js'),
  },
  {
    name: 'sanitizers',
    script: 'test:sanitize',
    summary:
      "the addon's and the end-to-end tests under ASan, UBSan, LSan and TSan; after -- options of vitest",
    needs: { setarch: 'util-linux' },
    builds: ['build'],
    names: () => ['addon-address', 'addon-thread', 'executable-address', 'executable-thread'],
    load: () => import('../reliability/sanitize.js'),
  },
  {
    name: 'mutation',
    script: 'test:mutation',
    summary: 'changes the sources in small ways: do the unit tests notice? Fails under 85 % of an area',
    names: () => Object.keys(areas),
    options: {
      loaded: { type: 'boolean', says: 'also changes what runs when a file is loaded: five times as long' },
    },
    load: () => import('../mutation/mutate.js'),
  },
  {
    name: 'coverage',
    script: 'test:coverage',
    summary: 'counts the lines of src/ that tests run; fails under 95 %',
    load: () => import('../reliability/coverage.js'),
  },
  {
    name: 'analysis',
    script: 'lint:native',
    summary: 'clang-tidy over our own C++, or over the files with a part of their names',
    needs: { 'clang-tidy': 'clang-tidy' },
    load: () => import('../native/analyze.js'),
  },
];
