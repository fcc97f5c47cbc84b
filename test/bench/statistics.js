/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 1 ? middle : middle - 1];
  if (upper === undefined || lower === undefined) throw new Error('no values');
  return (lower + upper) / 2;
}

/** @param {readonly number[]} values */
export function summarize(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

/**
 * How ours compares with theirs: the ratio of the medians, and the median of the ratios run by run. Of runs that were
 * side by side the latter says more if the machine's speed changes.
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
export function compare(ours, theirs) {
  const pairs = ours.slice(0, theirs.length).map((value, run) => value / (theirs[run] ?? Number.NaN));
  return { ratio: median(ours) / median(theirs), pairwise: median(pairs) };
}
