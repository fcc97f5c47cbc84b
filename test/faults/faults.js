// npm run test:faults: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Result } from '../runs/types.js' */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finish } from '../runs/children.js';

/** Tries every fault on the executable and on Node, or only on one runtime. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ options: { runtime } }) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-faults-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const VMSSH_FAULTS = join(folder, 'names');
  for (const VMSSH_TEST_RUNTIME of runtime === undefined ? ['executable', 'node'] : [String(runtime)]) {
    const env = { ...process.env, VMSSH_TEST_RUNTIME, VMSSH_FAULTS };
    if ((await finish('npx', ['vitest', 'run', 'test/faults'], { env })) !== 0) return { passed: false };
  }
  const names = readFileSync(VMSSH_FAULTS, 'utf8').trim().split('\n');
  const what = `${new Set(names).size} faults, on ${runtime ?? 'executable and node'}`;
  return { passed: true, row: [what, `${names.length} ended as they should, each within 20 s`] };
}
