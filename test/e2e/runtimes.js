// Runs the end-to-end tests on what npm test does not run them on: node test/e2e/runtimes.js
import { spawnSync } from 'node:child_process';
import { installRuntimes } from '../../build/runtimes.js';

const { node } = installRuntimes();
// The longest files are left out on the newest Node: of theirs, only the start of programs and files could differ there.
const short = ['shown', 'rest', 'rest-alone'].flatMap((name) => ['--project', name]);
const runtimes = {
  'the newest Node': [node, 'test/e2e', ...short],
  'the executable': ['executable', 'test/e2e', 'test/engine', 'test/faults'],
};

for (const [name, [VMSSH_TEST_RUNTIME, ...args]] of Object.entries(runtimes)) {
  console.log(`\n== the end-to-end tests on ${name}`);
  const { status } = spawnSync('npx', ['vitest', 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, VMSSH_TEST_RUNTIME },
  });
  if (status !== 0) process.exit(1);
}
