import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { code, tableOf } from '../markdown.js';
import { asMarkdown, withRow } from './page.js';
import type { Section } from './types.js';

const section: Section = {
  title: 'T',
  command: 'npm run c',
  on: { Linux: '6' },
  summary: ['tried', 'none | failed'],
  text: [],
  tables: [{ head: ['a'], rows: [['x | y\nz']] }],
};

it('docs/contributing/reliability.md has a row for each run that keeps its result, with a command of package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const rows = tableOf('contributing/reliability.md', 'Results');
  const runs = ['load', 'faults', 'fuzzing', 'analysis', 'sanitizers', 'mutation', 'coverage'];
  expect(rows.map(({ run }) => run)).toEqual(runs);
  const names = rows.map(({ command }) => /^npm run (\S+) -- .*--write$/.exec(code(command))?.[1] ?? '');
  expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it('a run replaces its own row, and no other', () => {
  const page = 'before\n| load | old |\n| faults | old |\nafter\n';
  const row = '| faults | tried | none \\| failed | `npm run c` | Linux 6 |';
  expect(withRow(page, 'faults', section)).toBe(`before\n| load | old |\n${row}\nafter\n`);
  expect(() => withRow(page, 'other', section)).toThrow(
    'docs/contributing/reliability.md has no row "other"',
  );
});

it('a cell cannot break its table', () => {
  expect(asMarkdown(section)).toContain('\n| a |\n| --- |\n| x \\| y z |\n');
});
