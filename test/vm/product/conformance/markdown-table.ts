/** A column: row name → cell. */
export type Cells = ReadonlyMap<string, string>;

/** The column of the table under a heading of a document; empty if it has none. */
export function columnOf(text: string, heading: string, column: string): Cells {
  const { head, rows } = tableIn(text, heading);
  const at = head.indexOf(column);
  return new Map(at < 0 ? [] : rows.map((row) => [row[0] ?? '', row[at] ?? '']));
}

/** The document with that column set. New rows and columns come last; rows that the column lacks go. */
export function withColumn(text: string, heading: string, column: string, cells: Cells): string {
  const { head, rows, start, end } = tableIn(text, heading);
  const columns = head.includes(column) ? head : [...head, column];
  const at = columns.indexOf(column);
  const made = [...cells].map(([name, cell]) => {
    const row = rows.find((each) => each[0] === name) ?? [name];
    return columns.map((_, n) => (n === at ? cell : (row[n] ?? '')));
  });
  const lines = [columns, columns.map(() => '---'), ...made].map((row) => `| ${row.join(' | ')} |\n`);
  return text.slice(0, start) + lines.join('') + text.slice(end);
}

/** The row of the table under a heading that begins with these cells; undefined if there is none. */
export function rowIn(text: string, heading: string, key: readonly string[]): string[] | undefined {
  return tableIn(text, heading).rows.find((row) => key.every((cell, n) => row[n] === cell));
}

/** The document with that row in place of the one with the same first cells. Rows are ordered by their first cell. */
export function withRow(text: string, heading: string, row: readonly string[], cells: number): string {
  const { head, rows, start, end } = tableIn(text, heading);
  const at = rows.findIndex((each) => each.slice(0, cells).every((cell, n) => row[n] === cell));
  const all = at < 0 ? [...rows, [...row]] : rows.with(at, [...row]);
  all.sort(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b)));
  const lines = [head, head.map(() => '---'), ...all].map((each) => `| ${each.join(' | ')} |\n`);
  return text.slice(0, start) + lines.join('') + text.slice(end);
}

function tableIn(text: string, heading: string) {
  const section = text.indexOf(`## ${heading}\n`);
  if (section < 0) throw new Error(`there is no heading ${heading}`);
  const start = text.indexOf('\n| ', section) + 1;
  const body = /^(?:\|.*\n)+/.exec(text.slice(start))?.[0] ?? '';
  const [head = [], , ...rows] = body
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  return { head, rows, start, end: start + body.length };
}
