// npm run bench: see test/runs/runs.js and docs/contributing/performance.md.
/** @import { Choice, Result } from '../runs/types.js' */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { figures } from './figures.js';
import { compileHarness } from './harness.js';
import { findPrograms, versions } from './programs.js';
import { asText, baselineOf, withResult } from './report.js';
import { measure } from './statistics.js';

const page = 'docs/contributing/performance.md';
const baseline = 'test/bench/baseline.json';

/** All figures by name. */
export const ids = [
  ...['start-pass', 'login', 'start-relay', 'bulk-up', 'bulk-down', 'echo', 'crowd'],
  ...['many-590', 'many-2000'],
];

/** Every figure side by side with its peers. A missed target is no failure. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names, write, options: { quick = false, json } }) {
  const found = await findPrograms(quick !== true);
  const folder = mkdtempSync(join(found.root.path ?? tmpdir(), found.root.path ? 'tmp/vb-' : 'vb-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const load = [loadavg()[0]];
  const programs = { ...found, versions: versions(found), ...compileHarness(folder) };
  const results = [];
  for (const figure of figures(programs, folder, quick === true)) {
    if (!names.some((name) => name === figure.id || (quick && name.startsWith('many')))) continue;
    results.push(await measure(figure));
    console.error(`${figure.id} done`);
  }
  load.push(loadavg()[0]);
  const absent = results.flatMap(({ entries }) => entries.filter((each) => each.absent));
  const result = {
    machine: {
      processors: `${availableParallelism()} × ${cpus()[0]?.model.trim()}`,
      system: `Linux ${release()}`,
      'load before and after': load.map((each) => each?.toFixed(1)).join(', '),
    },
    versions: programs.versions,
    baseline: JSON.parse(readFileSync(baseline, 'utf8')),
    notes: absent.map(({ name, absent }) => `${name} is absent: ${absent}`),
    figures: results,
  };
  if (write && names.length === ids.length && !quick) {
    writeFileSync(page, withResult(readFileSync(page, 'utf8'), result));
    writeFileSync(baseline, `${JSON.stringify(baselineOf(result), null, 2)}\n`);
  }
  console.log(json ? JSON.stringify(result, null, 1) : asText(result));
  return { passed: !absent.some(({ name }) => /^(vmssh|`)/.test(name)) };
}
