import { number } from './table.js';

const width = 760;
const label = 230;
const bar = 14;
const gap = 4;
const head = 30;

/** A bar for each competitor's median with a line from its least to its most, a scale of its own for each figure. @param {import('../types.js').Result} result */
export function asPlot({ figures }) {
  const shown = figures.filter(({ unit, entries }) => unit !== '' && entries.some(({ absent }) => !absent));
  let top = 10;
  const parts = shown.map((figure) => {
    const at = top;
    top += heightOf(figure);
    return panel(figure, at);
  });
  const style = [
    'text{font:11px sans-serif;fill:#24292f}.title{font-weight:bold}.value{fill:#57606a}',
    '.ours{fill:#2da44e}.peer{fill:#8c959f}.bare{fill:#d0d7de}.spread{stroke:#24292f;stroke-opacity:.6}',
  ].join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}">
<title>vmssh and its peers: medians, with minimum and maximum</title>
<style>${style}</style>
<rect width="${width}" height="${top}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

/** @param {import('../types.js').FigureResult} figure */
function heightOf({ entries }) {
  return head + entries.filter(({ absent }) => !absent).length * (bar + gap) + 12;
}

/** @param {import('../types.js').FigureResult} figure @param {number} top */
function panel({ title, unit, better, entries }, top) {
  const present = entries.filter(({ absent }) => !absent);
  // A single wild run must not squeeze the bars: spreads are cut at the panel's edge.
  const most = Math.max(...present.map(({ median = 0 }) => median)) * 1.25;
  const scale = (/** @type {number} */ value) => (Math.min(value, most) / most) * (width - label - 90);
  const rows = present.map(({ name, median = 0, min = 0, max = 0 }, row) => {
    const y = top + head + row * (bar + gap);
    const kind = /^(vmssh|library)/.test(name) ? 'ours' : /^bare/.test(name) ? 'bare' : 'peer';
    const middle = y + bar / 2;
    const end = label + Math.max(scale(max), scale(median)) + 6;
    return [
      `<text x="${label - 8}" y="${y + bar - 3}" text-anchor="end">${escapeText(name)}</text>`,
      `<rect class="${kind}" x="${label}" y="${y}" width="${fixed(scale(median))}" height="${bar}"/>`,
      `<line class="spread" x1="${fixed(label + scale(min))}" x2="${fixed(label + scale(max))}" y1="${middle}" y2="${middle}"/>`,
      `<text class="value" x="${fixed(end)}" y="${y + bar - 3}">${number(median)}</text>`,
    ].join('');
  });
  const heading = `${title}, ${unit}: ${better} is better`.replaceAll('`', '');
  return `<text class="title" x="10" y="${top + 18}">${escapeText(heading)}</text>\n${rows.join('\n')}`;
}

/** @param {number} value */
function fixed(value) {
  return value.toFixed(1);
}

/** @param {string} text */
function escapeText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
