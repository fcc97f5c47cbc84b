import { describe, inject } from 'vitest';

/** A describe whose tests need Windows programs to run. Where none does it is skipped, with the reason as its name. */
export const describeWindows = Object.assign(one, { each });

function one(name: string, body: () => void): void {
  const missing = inject('missing');
  if (missing) describe.skip(`${name}: ${missing}`, body);
  else describe(name, body);
}

function each<Row extends readonly unknown[]>(rows: readonly Row[]) {
  return (name: string, body: (...row: Row) => void): void => {
    for (const row of rows) one(name.replace('%s', String(row[0])), () => body(...row));
  };
}
