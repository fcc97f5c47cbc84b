// Runs the end-to-end tests on what npm test does not run them on: node test/e2e/runtimes.js
import { spawnSync } from 'node:child_process';
import { installRuntimes } from '../../build/runtimes.js';

const { node } = installRuntimes();
const runtimes = {
  'the newest Node': [node, 'test/e2e'],
  'the executable': ['executable', 'test/e2e', 'test/engine', 'test/faults'],
};

for (const [name, [VMSSH_TEST_RUNTIME, ...folders]] of Object.entries(runtimes)) {
  console.log(`\n== the end-to-end tests on ${name}`);
  const { status } = spawnSync('npx', ['vitest', 'run', ...folders], {
    stdio: 'inherit',
    env: { ...process.env, VMSSH_TEST_RUNTIME },
  });
  if (status !== 0) process.exit(1);
}
