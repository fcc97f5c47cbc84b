// npm run bench: see test/runs/runs.js and docs/contributing/performance.md.
/** @import { Choice, Pages } from '../runs/types.js' */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { figures } from './figures/figures.js';
import { compileHarness } from './harness.js';
import { measure } from './measure.js';
import { asPlot } from './output/plot.js';
import { progressOn } from './output/progress.js';
import { asMarkdown } from './output/report.js';
import { asText } from './output/table.js';
import { findPrograms, versions } from './peers.js';

/**
 * Every figure side by side with its peers.
 * @param {Choice} choice
 * @param {(pages: Pages) => void} write
 */
export async function run(choice, write) {
  const earlier = choice.from && JSON.parse(readFileSync(choice.from, 'utf8'));
  const measured = !earlier || !choice.isWhole ? await bench(choice) : undefined;
  const result = earlier && measured ? measuredAgain(earlier, measured) : (measured ?? earlier);
  write({
    'docs/contributing/performance.md': asMarkdown(result),
    'docs/pictures/performance.svg': asPlot(result),
    'dist/bench.json': JSON.stringify(result, null, 1),
  });
  console.log(choice.json ? JSON.stringify(result, null, 1) : asText(result));
  return failures(result).length === 0;
}

/** @param {Choice} choice */
async function bench({ quick = false, names, runs }) {
  const started = Date.now();
  const progress = progressOn(process.stderr);
  const found = await findPrograms({ build: !quick, log: progress.line });
  const folder = mkdtempSync(join(found.root.path ?? tmpdir(), found.root.path ? 'tmp/vb-' : 'vb-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  const load = [loadavg()[0]];
  const programs = { ...found, versions: versions(found), ...compileHarness(folder) };
  const wanted = figures(programs, folder, quick).filter(({ id }) => names.includes(id));
  const results = [];
  for (const figure of wanted) {
    const counted = runs ? { ...figure, runs } : figure;
    results.push(await measure(counted, (run, name) => progress.run(counted, run, name)));
    progress.line(`${figure.id} done`);
  }
  load.push(loadavg()[0]);
  return {
    machine: {
      processors: `${availableParallelism()} × ${cpus()[0]?.model.trim()}`,
      system: `Linux ${release()}`,
      'load before and after': load.map((each) => each?.toFixed(1)).join(', '),
    },
    versions: programs.versions,
    quick,
    notes: [...absences(results), ...busy(load)],
    figures: results,
    seconds: Math.round((Date.now() - started) / 1000),
  };
}

/**
 * The earlier result, with the later one's figures in place of its own.
 * @param {import('./types.js').Result} earlier
 * @param {import('./types.js').Result} later
 */
function measuredAgain(earlier, later) {
  const ids = later.figures.map(({ id }) => id);
  return {
    ...earlier,
    notes: [
      ...earlier.notes,
      ...later.notes.map((note) => `${ids.join(', ')}: ${note}`),
      `${ids.join(', ')}: measured after the others`,
    ],
    figures: earlier.figures.map((figure) => later.figures.find(({ id }) => id === figure.id) ?? figure),
  };
}

/**
 * The load before the first run is not the bench's own.
 * @param {readonly (number | undefined)[]} load
 */
function busy([before = 0]) {
  if (before < availableParallelism() / 2) return [];
  const busy = `the machine was busy (load ${before.toFixed(1)} before the first run)`;
  return [
    `${busy}: these figures are not reliable, least of all compared with programs of one thread; run it again`,
  ];
}

/** @param {readonly import('./types.js').FigureResult[]} results */
function absences(results) {
  const all = results.flatMap(({ entries }) => entries.filter(({ absent }) => absent));
  return [...new Set(all.map(({ name, absent }) => `${name} is absent: ${absent}`))];
}

/** @param {import('./types.js').Result} result */
function failures({ figures }) {
  return figures.flatMap(({ entries }) =>
    entries.filter(({ name, absent }) => absent && /^(vmssh|library)/.test(name)),
  );
}
