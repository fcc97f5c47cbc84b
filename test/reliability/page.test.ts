import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asMarkdown, records } from './page.js';

it('docs/reliability.md is what the records make', () => {
  const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
  expect(page).toBe(asMarkdown(records()));
});

it('a cell cannot break its table', () => {
  const section = { title: 'T', command: 'c', on: { Linux: '6' }, summary: [], text: [] };
  const text = asMarkdown([{ ...section, tables: [{ head: ['a'], rows: [['x | y\nz']] }] }]);
  expect(text).toContain('\n| a |\n| --- |\n| x \\| y z |\n');
});
