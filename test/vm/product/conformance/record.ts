import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Cells, columnOf, withColumn } from './markdown-table.js';

/** Each cell that was seen, and the page that has their counts. */
export const seen = fileURLToPath(new URL('seen.md', import.meta.url));
export const page = fileURLToPath(new URL('../../../../docs/contributing/conformance.md', import.meta.url));

/** With this in the environment the run writes its columns; otherwise it compares. */
const writes = process.env.VMSSH_WRITE_CONFORMANCE === '1';

/** Compares a column of seen.md with what a run has seen, or writes it and its count. */
export function record(heading: string, column: string, cells: Cells): void {
  const text = readFileSync(seen, 'utf8');
  if (writes) {
    writeFileSync(seen, withColumn(text, heading, column, cells));
    const counts = readFileSync(page, 'utf8');
    const others = columnOf(counts, 'Results', column);
    writeFileSync(page, withColumn(counts, 'Results', column, new Map(others).set(heading, countOf(cells))));
  } else {
    const remedy = 'if the new one is right: VMSSH_WRITE_CONFORMANCE=1 npm run test:guest -- product';
    expect(Object.fromEntries(cells), `${column}: ${remedy}`).toEqual(
      Object.fromEntries(columnOf(text, heading, column)),
    );
  }
}

/** "9 of 10": the checks that pass, of those that can be made there. */
export function countOf(cells: Cells): string {
  const made = [...cells.values()].filter((cell) => cell !== '–');
  return `${made.filter((cell) => cell === 'yes').length} of ${made.length}`;
}
