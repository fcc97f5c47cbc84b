import { expect, test } from 'vitest';
import { columnOf, withColumn } from './markdown-table.js';

const text = `# Title

## One

Text.

| check | a | b |
| --- | --- | --- |
| x | yes | no |
| y | yes |  |

More text.

## Two

| check |
| --- |
`;

test('a column is read', () => {
  expect([...columnOf(text, 'One', 'b')]).toEqual([
    ['x', 'no'],
    ['y', ''],
  ]);
  expect(columnOf(text, 'Two', 'b').size).toBe(0);
  expect(() => columnOf(text, 'Three', 'b')).toThrow('no heading Three');
});

test('a column is set, with new rows, without those that are gone, and nothing else changes', () => {
  const cells = new Map([
    ['y', 'yes'],
    ['z', '–'],
  ]);
  expect(withColumn(text, 'One', 'b', cells)).toBe(
    text.replace('| x | yes | no |\n| y | yes |  |\n', '| y | yes | yes |\n| z |  | – |\n'),
  );
});

test('a new column comes last', () => {
  const after = withColumn(text, 'Two', 'a', new Map([['x', 'yes']]));
  expect(after).toBe(text.replace('| check |\n| --- |\n', '| check | a |\n| --- | --- |\n| x | yes |\n'));
  expect(withColumn(after, 'Two', 'a', columnOf(after, 'Two', 'a'))).toBe(after);
});
