#!/usr/bin/env node
// npm run bench: every figure side by side with its peers. See docs/contributing/performance.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figures } from './figures/figures.js';
import { compileHarness } from './harness.js';
import { measure } from './measure.js';
import { asPlot } from './output/plot.js';
import { progressOn } from './output/progress.js';
import { asMarkdown } from './output/report.js';
import { asText } from './output/table.js';
import { findPrograms, versions } from './peers.js';

const usage = `Usage: npm run bench -- [options]

Measures vmssh, systemd-ssh-proxy, libvirt-ssh-proxy, socat, ncat and bare processes in turn, and compares medians.

  --quick        few runs and little data, to see that everything works: a minute at most
  --only FIGURE  only this figure; can be repeated: start-pass, login, start-relay, bulk-up, bulk-down, echo,
                 memory, crowd, descriptors, threads, size, version, complete, list, list-machined,
                 list-many
  --runs N       runs of each figure
  --json         print the result as JSON
  --write        write docs/contributing/performance.md and docs/pictures/performance.svg, and the result to dist/bench.json
  --from FILE    measure nothing, but take the result that --json printed; with --only, measure these figures again

Progress goes to stderr.

Exit codes: 0 measured, even if a target was missed; 1 a run of vmssh failed, or nothing could be measured; 2 wrong usage.`;

const options = /** @type {const} */ ({
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  runs: { type: 'string' },
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  from: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
});

process.exitCode = await main();

async function main() {
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    console.error(`bench: ${/** @type {Error} */ (error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.error(`bench: needs Linux on x64, and this is ${process.platform} on ${process.arch}`);
    return 2;
  }
  let result;
  try {
    const earlier = values.from && JSON.parse(readFileSync(values.from, 'utf8'));
    const measured = !earlier || values.only ? await bench(values) : undefined;
    result = earlier && measured ? measuredAgain(earlier, measured) : (measured ?? earlier);
  } catch (error) {
    console.error(`bench: ${/** @type {Error} */ (error).message}`);
    return 1;
  }
  if (values.write) {
    const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
    writeFileSync(join(docs, 'contributing/performance.md'), asMarkdown(result));
    writeFileSync(join(docs, 'pictures/performance.svg'), asPlot(result));
    writeFileSync(join(docs, '../dist/bench.json'), JSON.stringify(result, null, 1));
  }
  console.log(values.json ? JSON.stringify(result, null, 1) : asText(result));
  return failures(result).length === 0 ? 0 : 1;
}

/** @param {{ quick: boolean, only?: string[] | undefined, runs?: string | undefined }} values */
async function bench({ quick, only, runs }) {
  const started = Date.now();
  const progress = progressOn(process.stderr);
  const found = await findPrograms({ build: !quick, log: progress.line });
  const folder = mkdtempSync(join(found.root.path ?? tmpdir(), found.root.path ? 'tmp/vb-' : 'vb-'));
  const stop = () => process.exit(130);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  const load = [loadavg()[0]];
  const programs = {
    ...found,
    versions: versions(found),
    ...compileHarness(folder),
  };
  const wanted = figures(programs, folder, quick).filter(
    ({ id }) => !only || only.some((name) => id === name || id.startsWith(`${name}-`)),
  );
  if (wanted.length === 0) throw new Error(`no figure ${only?.join(', ')}: see --help`);
  const results = [];
  for (const figure of wanted) {
    const counted = runs ? { ...figure, runs: Number(runs) } : figure;
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
