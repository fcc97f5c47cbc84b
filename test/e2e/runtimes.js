// Runs the end-to-end tests on what npm test does not run them on: node test/e2e/runtimes.js [executable | newest-node [options of vitest]]; without a name,
// both
import { spawnSync } from 'node:child_process';
import { installRuntimes } from '../../build/runtimes.js';

const { node } = installRuntimes();
const runtimes = {
  'newest-node': [node, 'test/e2e'],
  executable: ['executable', 'test/e2e', 'test/engine', 'test/faults'],
};

const [only, ...options] = process.argv.slice(2);
if (only !== undefined && !(only in runtimes)) {
  console.error(`no runtime "${only}": one of ${Object.keys(runtimes).join(', ')}`);
  process.exit(2);
}

for (const [name, [VMSSH_TEST_RUNTIME, ...args]] of Object.entries(runtimes)) {
  if (only !== undefined && name !== only) continue;
  console.log(`\n== the end-to-end tests on ${name}`);
  const { status } = spawnSync(process.execPath, ['test/runs/again/again.js', ...args, ...options], {
    stdio: 'inherit',
    env: { ...process.env, VMSSH_TEST_RUNTIME },
  });
  if (status !== 0) process.exit(1);
}
