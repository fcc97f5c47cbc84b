/** @typedef {import('../types.js').FigureResult} FigureResult */

/** @param {import('../types.js').Result} result */
export function asText({ figures, notes, machine }) {
  const lines = figures.flatMap((figure) => ['', heading(figure), ...align(rows(figure))]);
  const targets = align([
    ['figure', 'of', 'compared with', 'ratio', 'run by run', 'target', ''],
    ...figures.flatMap(verdictRows),
  ]);
  const facts = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  return [...lines, '', ...targets, '', ...facts, ...notes.map((note) => `note: ${note}`), ''].join('\n');
}

/** @param {FigureResult} figure */
export function heading({ title, unit, better, runs }) {
  const details = [unit, `${better} is better`, `${runs} run${runs === 1 ? '' : 's'}`];
  return `${title} (${details.filter(Boolean).join(', ')})`;
}

/** Median, least and most of each competitor. @param {FigureResult} figure @returns {string[][]} */
export function rows({ entries }) {
  return entries.map(({ name, absent, median = 0, min = 0, max = 0 }) =>
    absent ? [name, 'absent', absent] : [name, number(median), `${number(min)} – ${number(max)}`],
  );
}

/** @param {FigureResult} figure @returns {string[][]} */
export function verdictRows({ title, unit, verdicts }) {
  return verdicts.map(({ of, peer, ratio, pairwise, value, atMost, atLeast, reached }) => {
    const limit =
      `${atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`}${peer ? ' ×' : ` ${unit}`}`.trimEnd();
    const verdict = reached === undefined ? 'not measured' : reached ? 'reached' : 'missed';
    if (!peer)
      return [
        title,
        of,
        '',
        value === undefined ? '' : `${number(value)} ${unit}`.trim(),
        '',
        limit,
        verdict,
      ];
    return [title, of, peer, times(ratio), times(pairwise), limit, verdict];
  });
}

/** Three significant digits. @param {number} value */
export function number(value) {
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {number | undefined} ratio */
function times(ratio) {
  return ratio === undefined ? '' : `${ratio.toFixed(2)} ×`;
}

/** @param {readonly string[][]} table */
function align(table) {
  const widths = [0, 1, 2, 3, 4, 5, 6].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}
