import { compare, summarize } from './statistics.js';

/** @typedef {import('./types.js').Figure} Figure */
/** @typedef {import('./types.js').Verdict} Verdict */

/**
 * Runs a figure's competitors in turn, A B C A B C …, so that a machine that gets slower gets slower for all of them.
 * @param {Figure} figure
 * @param {(run: number, name: string) => void} [progress]
 * @returns {Promise<import('./types.js').FigureResult>}
 */
export async function measure(figure, progress = () => {}) {
  const series = figure.competitors.map(({ name, absent, measure }) => ({
    name,
    absent,
    measure,
    values: /** @type {number[]} */ ([]),
  }));
  for (let run = -1; run < figure.runs; run++) {
    for (const each of series) {
      if (each.absent) continue;
      progress(Math.max(run + 1, 1), each.name);
      try {
        const value = await each.measure();
        if (run >= 0 || figure.runs === 1) each.values[Math.max(run, 0)] = value; // the first one only warms the caches
      } catch (error) {
        each.absent = `failed: ${/** @type {Error} */ (error).message}`;
      }
    }
    if (figure.runs === 1) break;
  }
  const entries = series.map(({ name, absent, values }) =>
    absent ? { name, absent, values: [] } : { name, values, ...summarize(values) },
  );
  const { competitors: _, targets, ...rest } = figure;
  return { ...rest, entries, verdicts: targets.map((target) => judge(target, entries)) };
}

/**
 * @param {import('./types.js').Target} target
 * @param {readonly import('./types.js').Entry[]} entries
 * @returns {Verdict}
 */
export function judge(target, entries) {
  const [ours, theirs] = [target.of, target.peer].map((name) =>
    entries.find((entry) => entry.name === name && !entry.absent),
  );
  if (!ours || (target.peer && !theirs)) return { ...target };
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  const within = (/** @type {number} */ value) => value <= atMost && value >= atLeast;
  if (!theirs) {
    const value = ours.median ?? Number.NaN;
    return { ...target, value, reached: within(value) };
  }
  const { ratio, pairwise } = compare(ours.values, theirs.values);
  return { ...target, ratio, pairwise, reached: within(ratio) };
}
