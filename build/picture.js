// Draws what a terminal showed: node build/picture.js < RECORDING > docs/pictures/terminal.svg
// A recording is what programs print with FORCE_COLOR=1; a line that begins with "$ ", also after
// "user@machine:~", is what was typed. See docs/pictures/terminal.txt.
import { readFileSync } from 'node:fs';

/** Longer lines go on below, as in a terminal of this width. */
const columns = 100;
const column = 8.4;
const row = 20;
const margin = 16;

const colors = {
  fg: '#d4d4d8',
  dim: '#8b8b95',
  green: '#4ade80',
  yellow: '#facc15',
  red: '#f87171',
  cyan: '#67e8f9',
  back: '#18181b',
  // Seen on a dark page too.
  edge: '#52525b',
};

/** @typedef {{ bold: boolean, fill: string }} Look */
/** @typedef {Look & { text: string }} Span */

/**
 * The codes that chalk writes; each end code belongs to one of them.
 * @type {Readonly<Record<string, Partial<Look>>>}
 */
const codes = {
  1: { bold: true },
  2: { fill: colors.dim },
  22: { bold: false, fill: colors.fg },
  31: { fill: colors.red },
  32: { fill: colors.green },
  33: { fill: colors.yellow },
  36: { fill: colors.cyan },
  39: { fill: colors.fg },
  0: { bold: false, fill: colors.fg },
};

const lines = readFileSync(0, 'utf8').trimEnd().split('\n').map(spansOf).flatMap(wrapped);
const width = Math.ceil(Math.max(...lines.map(lengthOf)) * column + 2 * margin);
const height = lines.length * row + 2 * margin;
const texts = lines.map((spans, i) => {
  const y = margin + (i + 0.75) * row;
  return `  <text x="${margin}" y="${y}" xml:space="preserve">${spans.map(drawn).join('')}</text>`;
});
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>vmssh in a terminal</title>
  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${colors.back}" stroke="${colors.edge}"/>
  <g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="${colors.fg}">
${texts.join('\n')}
  </g>
</svg>
`);

/**
 * A line as pieces of one look each.
 * @param {string} line
 */
function spansOf(line) {
  /** @type {Span[]} */
  const spans = [];
  let look = { bold: /^([\w-]+@[\w-]+:~)?\$ /.test(line), fill: colors.fg };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  for (const [, code, text] of line.matchAll(/\x1b\[(\d+)m|([^\x1b]+)/g)) {
    if (text === undefined) look = { ...look, ...codes[code ?? ''] };
    else spans.push({ ...look, text: text.replaceAll('\t', ' ') });
  }
  return spans;
}

/**
 * The rows of a line.
 * @param {readonly Span[]} spans
 */
function wrapped(spans) {
  /** @type {Span[][]} */
  const rows = [[]];
  let used = 0;
  for (const { text, ...look } of spans) {
    for (let left = [...text]; left.length > 0; ) {
      if (used === columns) {
        rows.push([]);
        used = 0;
      }
      const part = left.slice(0, columns - used);
      left = left.slice(part.length);
      used += part.length;
      rows.at(-1)?.push({ ...look, text: part.join('') });
    }
  }
  return rows;
}

/** @param {Span} span */
function drawn({ text, fill, bold }) {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<tspan fill="${fill}"${bold ? ' font-weight="bold"' : ''}>${escaped}</tspan>`;
}

/** @param {readonly Span[]} spans */
function lengthOf(spans) {
  return spans.reduce((sum, { text }) => sum + [...text].length, 0);
}
