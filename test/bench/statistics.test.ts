import { expect, it } from 'vitest';
import { judge, measure, median } from './statistics.js';

it.each([
  { name: 'an odd count', input: [9, 1, 4], want: 4 },
  { name: 'an even count', input: [4, 1, 3, 100], want: 3.5 },
])('the median of $name', ({ input, want }) => expect(median(input)).toBe(want));

it('competitors take turns, the first run is dropped, and one that fails has its reason', async () => {
  const order: string[] = [];
  const competitor = (name: string) => ({ name, measure: async () => order.push(name) });
  const broken = {
    name: 'broken',
    measure: async () => {
      throw new Error('no banner');
    },
  };
  const { entries } = await measure({
    ...{ id: 'f', title: 'f', unit: 'ms', better: 'less', runs: 2 },
    competitors: [competitor('a'), competitor('b'), broken],
    targets: [],
  });
  expect(order.join('')).toBe('ababab');
  expect(entries).toMatchObject([
    { name: 'a', values: [3, 5], median: 4 },
    { name: 'b', values: [4, 6] },
    { name: 'broken', absent: 'failed: no banner' },
  ]);
});

it.each([
  { name: 'a ratio within', target: { of: 'a', peer: 'b', atMost: 0.5 }, want: true },
  { name: 'a ratio over', target: { of: 'b', peer: 'a', atMost: 1.9 }, want: false },
  { name: 'a ratio at least', target: { of: 'b', peer: 'a', atLeast: 2 }, want: true },
  { name: 'a value', target: { of: 'b', atMost: 1 }, want: false },
  { name: 'nobody', target: { of: 'c', atMost: 1 }, want: undefined },
])('$name is judged', ({ target, want }) => {
  const entries = [
    { name: 'a', values: [1], median: 1 },
    { name: 'b', values: [2], median: 2 },
  ];
  expect(judge(target, entries).reached).toBe(want);
});
