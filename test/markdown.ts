import { readFileSync } from 'node:fs';

/** A row of a table by its column's headings, each cell as it is written. */
export type Row = Readonly<Record<string, string>>;

/** The table under a heading of a document, by its path from docs/; a row an entry. */
export function tableOf(document: string, heading: string): readonly Row[] {
  const text = readFileSync(new URL(`../docs/${document}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  const lines = (section ?? '').split('\n').filter((line) => line.startsWith('|'));
  const [head = [], , ...rows] = lines.map(cells);
  if (rows.length === 0) throw new Error(`docs/${document} has no table under "${heading}"`);
  return rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])));
}

/** The text of the code blocks of a language under a heading of a document in docs/. */
export function blocksOf(document: string, heading: string, language: string): readonly string[] {
  const text = readFileSync(new URL(`../docs/${document}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const blocks = [...section.matchAll(/^```([\w-]*)\n(.*?)^```$/gms)];
  return blocks.filter(([, name]) => name === language).map(([, , block = '']) => block);
}

/** The text of a cell that is one code span; "(empty)" stands for the empty text. */
export function code(cell: string | undefined): string {
  if (cell === '(empty)') return '';
  const text = /^`([^`]*)`$/.exec(cell ?? '')?.[1];
  if (text === undefined) throw new Error(`expected one code span in the cell ${JSON.stringify(cell)}`);
  return text;
}

/** The texts of all code spans of a cell. */
export function codes(cell: string | undefined): readonly string[] {
  return [...(cell ?? '').matchAll(/`([^`]*)`/g)].map(([, text = '']) => text);
}

function cells(line: string): readonly string[] {
  const inner = line.trim().replace(/^\||\|$/g, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}
