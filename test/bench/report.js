/** @import { Result, Verdict } from './types.js' */

/** The lines between these marks of docs/contributing/performance.md are the result. */
const marks = /** @type {const} */ (['<!-- measured -->\n', '<!-- /measured -->']);

/** @param {string} page @param {Result} result */
export function withResult(page, result) {
  const [from, to] = [page.indexOf(marks[0]), page.indexOf(marks[1])];
  if (from < 0 || to < from) throw new Error('performance.md has no marks');
  const facts = Object.entries({ ...result.machine, ...result.versions }).map(
    ([name, value]) => `${name} ${value}`,
  );
  const [head = [], ...body] = table(result);
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  const text = [`Measured on ${facts.join(', ')}.`, '', ...lines, ''].join('\n');
  return page.slice(0, from + marks[0].length) + text + page.slice(to);
}

/** For a terminal: each competitor's median, then the table. @param {Result} result */
export function asText(result) {
  const medians = result.figures.flatMap(({ title, unit, entries }) => [
    `${title}, ${unit}`,
    ...entries.map(({ name, absent, median = 0, min = 0, max = 0 }) =>
      absent ? `  ${name}: ${absent}` : `  ${name}: ${number(median)} (${number(min)} – ${number(max)})`,
    ),
  ]);
  const rows = table(result);
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...medians, '', ...lines, '', ...result.notes].join('\n');
}

/** What a later run is compared with. @param {Result} result */
export function baselineOf({ figures }) {
  return Object.fromEntries(
    figures.flatMap(({ id, verdicts }) => verdicts.map((each) => [keyOf(id, each), rounded(each.value)])),
  );
}

/** @param {Result} result @returns {string[][]} */
function table({ figures, baseline }) {
  return [
    ['what', 'compared with', 'result', 'before', 'target'],
    ...figures.flatMap(({ id, title, unit, verdicts }) =>
      verdicts.map((each) => {
        const { of, peer = '', atMost, atLeast, reached } = each;
        const as = peer ? '×' : unit;
        const before = baseline[keyOf(id, each)];
        const limit = `${atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`} ${as}`;
        return [
          of === 'vmssh, executable' ? title : `${title}: ${of.replace(/^vmssh, (executable, )?/, '')}`,
          peer,
          each.value === undefined ? 'not measured' : `${rounded(each.value)} ${as}`,
          before === undefined ? '' : `${before} ${as}`,
          reached === false ? `${limit}, **missed**` : limit,
        ];
      }),
    ),
  ];
}

/** @param {string} id @param {Verdict} verdict */
function keyOf(id, { of, peer = '' }) {
  return `${id}: ${of}: ${peer}`;
}

/** @param {number} [value] */
function rounded(value = Number.NaN) {
  return Number(value.toFixed(value < 1 ? 3 : 2));
}

/** Three significant digits. @param {number} value */
function number(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
