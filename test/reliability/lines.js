import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The lines with statements of each file, and those of them that nothing ran. A statement counts if the report does, or if V8 counted it.
 * @param {Record<string, Report>} report of vitest, in Istanbul's form; it names all files
 * @param {readonly string[]} counts files that NODE_V8_COVERAGE makes, of processes that ran the same files
 */
export function linesOf(report, counts) {
  const places = Object.entries(report).map(([path, { statementMap, s }]) => {
    const starts = startsOf(readFileSync(path, 'utf8'));
    const statements = Object.entries(statementMap).map(([id, { start }]) => ({
      line: start.line,
      offset: (starts[start.line - 1] ?? 0) + start.column,
      isRun: (s[id] ?? 0) > 0,
    }));
    return { path, statements };
  });
  const byPath = new Map(places.map(({ path, statements }) => [path, statements]));
  for (const file of counts) {
    /** @type {{ result: Counts[] }} */
    const { result } = JSON.parse(readFileSync(file, 'utf8'));
    for (const { url, functions } of result) {
      const statements = url.startsWith('file:') ? byPath.get(fileURLToPath(url)) : undefined;
      if (!statements?.some(({ isRun }) => !isRun)) continue;
      const ranges = functions.flatMap((each) => each.ranges);
      for (const statement of statements) statement.isRun ||= countAt(ranges, statement.offset) > 0;
    }
  }
  return places.map(({ path, statements }) => {
    const all = new Set(statements.map(({ line }) => line));
    const run = new Set(statements.filter(({ isRun }) => isRun).map(({ line }) => line));
    return {
      path,
      all: all.size,
      uncovered: [...all].filter((line) => !run.has(line)).sort((a, b) => a - b),
    };
  });
}

/** Where each line begins. @param {string} text */
function startsOf(text) {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

/** Of the smallest range that has it: ranges are within each other. @param {readonly Range[]} ranges @param {number} offset */
function countAt(ranges, offset) {
  let smallest = { count: 0, size: Number.POSITIVE_INFINITY };
  for (const { startOffset, endOffset, count } of ranges) {
    const size = endOffset - startOffset;
    if (startOffset <= offset && offset < endOffset && size <= smallest.size) smallest = { count, size };
  }
  return smallest.count;
}

/** @typedef {{ statementMap: Record<string, { start: { line: number, column: number } }>, s: Record<string, number> }} Report */
/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */
/** @typedef {{ url: string, functions: { ranges: Range[] }[] }} Counts */
