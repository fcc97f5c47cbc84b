import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tableOf } from '../markdown.js';
import { columnOf } from '../vm/product/conformance/markdown-table.js';
import { countOf, seen } from '../vm/product/conformance/record.js';

it('docs/contributing/conformance.md counts what was seen in the guests', () => {
  const text = readFileSync(seen, 'utf8');
  const rows = tableOf('contributing/conformance.md', 'Results');
  expect(rows.map(({ checks }) => checks)).toEqual(['TEST-74', 'Beyond it']);
  for (const { checks = '', ...columns } of rows)
    for (const [column, count] of Object.entries(columns))
      expect(count, `${checks}, ${column}`).toBe(countOf(columnOf(text, checks, column)));
});
