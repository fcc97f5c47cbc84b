import { it } from 'vitest';

/** Rows of a table by their names, for "$name". */
export function rowsOf<Row extends object>(rows: Readonly<Record<string, Row>>) {
  return Object.entries(rows).map(([name, row]) => ({ name, ...row }));
}

/** A test of each. */
export function eachRow<Row extends object>(rows: Readonly<Record<string, Row>>) {
  return it.each(rowsOf(rows));
}
