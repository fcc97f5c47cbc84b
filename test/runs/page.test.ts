import { expect, it } from 'vitest';
import { code, tableOf } from '../markdown.js';
import { pagesOf } from './page.js';
import { runs } from './runs.js';
import type { Section } from './types.js';

const run = { row: 'faults', script: 'c', writeArgs: '--write' };
const section: Section = {
  title: 'T',
  on: { tool: '6' },
  summary: ['tried', 'none | failed'],
  text: [],
  tables: [{ head: ['a'], rows: [['x | y\nz']] }],
};
const page = 'docs/contributing/reliability.md';

it('docs/contributing/reliability.md has a row for each run that keeps its result, with the command that writes it', () => {
  const rows = tableOf('contributing/reliability.md', 'Results').map(
    ({ run = '', command }) => [run, code(command)] as const,
  );
  const want = runs.flatMap(({ row, script, writeArgs }) =>
    row === undefined ? [] : [[row, `npm run ${script} -- ${writeArgs}`] as const],
  );
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(want));
});

it('a run replaces its own row, and no other', () => {
  const before = 'before\n| load | old |\n| faults | old |\nafter\n';
  const pages = pagesOf(run, section, before);
  expect(pages[page]).toMatch(
    /^before\n\| load \| old \|\n\| faults \| tried \| none \\\| failed \| `npm run c -- --write` \| Linux \S+ \S+, Node \S+, tool 6 \|\nafter\n$/,
  );
  expect(Object.keys(pages)).toEqual([page, 'dist/reliability/faults.json', 'dist/reliability/faults.md']);
  expect(() => pagesOf({ ...run, row: 'other' }, section, before)).toThrow(`${page} has no row "other"`);
});

it('a cell cannot break its table', () => {
  const pages = pagesOf(run, section, '| faults |');
  expect(pages['dist/reliability/faults.md']).toContain('\n| a |\n| --- |\n| x \\| y z |\n');
});
