import { expect, test } from 'vitest';
import { columnOf, rowIn, withColumn, withRow } from './markdown-table.js';

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

test('a row is set by its first cells, and the others stay in order', () => {
  const set = withRow(text, 'One', ['x', 'yes', 'a \\| b'], 2);
  expect(rowIn(set, 'One', ['x', 'yes'])).toEqual(['x', 'yes', 'a \\| b']);
  expect(set).toBe(text.replace('| x | yes | no |', '| x | yes | a \\| b |'));
  const more = withRow(text, 'One', ['x', 'no', 'c'], 2);
  expect(more).toBe(text.replace('| y |', '| x | no | c |\n| y |'));
  expect(rowIn(text, 'One', ['x', 'no'])).toBeUndefined();
});
