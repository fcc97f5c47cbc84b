/** @import { Entry, Figure, FigureResult, Target, Verdict } from './types.js' */

/**
 * Runs a figure's competitors in turn, A B C A B C …, so that a machine that gets slower gets slower for all of them.
 * @param {Figure} figure
 * @returns {Promise<FigureResult>}
 */
export async function measure({ competitors, targets, ...figure }) {
  const series = competitors.map((each) => ({ ...each, values: /** @type {number[]} */ ([]) }));
  // The first run only warms the caches.
  for (let run = figure.runs === 1 ? 0 : -1; run < figure.runs; run++)
    for (const each of series) {
      if (each.absent) continue;
      try {
        const value = await each.measure();
        if (run >= 0) each.values.push(value);
      } catch (error) {
        each.absent = `failed: ${/** @type {Error} */ (error).message}`;
      }
    }
  const entries = series.map(({ name, absent, values }) =>
    absent
      ? { name, absent, values: [] }
      : { name, values, median: median(values), min: Math.min(...values), max: Math.max(...values) },
  );
  return { ...figure, entries, verdicts: targets.map((target) => judge(target, entries)) };
}

/** @param {Target} target @param {readonly Entry[]} entries @returns {Verdict} */
export function judge(target, entries) {
  const { of, peer, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  const [ours, theirs] = [of, peer].map((name) => entries.find((each) => each.name === name && !each.absent));
  if (ours?.median === undefined || (peer !== undefined && theirs?.median === undefined)) return target;
  const value = ours.median / (theirs?.median ?? 1);
  return { ...target, value, reached: value <= atMost && value >= atLeast };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 1 ? middle : middle - 1];
  if (upper === undefined || lower === undefined) throw new Error('no values');
  return (lower + upper) / 2;
}
