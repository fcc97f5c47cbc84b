import { describe, expect, it } from 'vitest';
import { judge, measure } from './measure.js';
import { compare, median, summarize } from './statistics.js';
import type { Figure } from './types.js';

describe('statistics', () => {
  it.each([
    { name: 'an odd count', input: [9, 1, 4], want: 4 },
    { name: 'an even count', input: [4, 1, 3, 100], want: 3.5 },
    { name: 'one value', input: [7], want: 7 },
  ])('the median of $name', ({ input, want }) => {
    expect(median(input)).toBe(want);
    expect(summarize(input)).toEqual({
      median: want,
      runs: input.length,
      min: Math.min(...input),
      max: Math.max(...input),
    });
  });

  it('no values have no median', () => {
    expect(() => median([])).toThrow('no values');
  });

  it('compares medians, and neighbouring runs', () => {
    // A machine that becomes ten times slower in the middle: neighbours still give 1 : 2.
    expect(compare([1, 1, 10], [2, 2, 20])).toEqual({ ratio: 0.5, pairwise: 0.5 });
    expect(compare([1, 10, 10], [2, 2, 20])).toEqual({ ratio: 5, pairwise: 0.5 });
  });
});

function figure(competitors: Figure['competitors'], targets: Figure['targets'] = []): Figure {
  return { id: 'f', title: 'f', unit: 'ms', better: 'less', runs: 2, competitors, targets };
}

describe('measure', () => {
  it('lets the competitors take turns, and drops the first run of each', async () => {
    const order: string[] = [];
    const competitor = (name: string) => ({ name, measure: async () => order.push(name) });
    const { entries } = await measure(figure([competitor('a'), competitor('b')]));
    expect(order.join('')).toBe('ababab');
    expect(entries.map(({ values }) => values)).toEqual([
      [3, 5],
      [4, 6],
    ]);
  });

  it('continues without competitors that are absent or fail, and names the reason', async () => {
    const broken = async () => {
      throw new Error('no banner');
    };
    const { entries, verdicts } = await measure(
      figure(
        [
          { name: 'ours', measure: async () => 3 },
          { name: 'broken', measure: broken },
          { name: 'absent', absent: 'not installed: apt-get install x', measure: broken },
        ],
        [{ of: 'ours', peer: 'absent', atMost: 1 }],
      ),
    );
    expect(entries).toMatchObject([
      { name: 'ours', values: [3, 3], median: 3 },
      { name: 'broken', absent: 'failed: no banner' },
      { name: 'absent', absent: 'not installed: apt-get install x' },
    ]);
    expect(verdicts[0]?.reached).toBeUndefined();
  });

  it.each([
    { name: 'a ratio within', target: { of: 'a', peer: 'b', atMost: 0.5 }, want: true },
    { name: 'a ratio over', target: { of: 'b', peer: 'a', atMost: 1.9 }, want: false },
    { name: 'a ratio at least', target: { of: 'b', peer: 'a', atLeast: 2 }, want: true },
    { name: 'a value', target: { of: 'b', atMost: 1 }, want: false },
    { name: 'nobody', target: { of: 'c', atMost: 1 }, want: undefined },
  ])('judges $name', ({ target, want }) => {
    const entries = [
      { name: 'a', values: [1], median: 1 },
      { name: 'b', values: [2], median: 2 },
    ];
    expect(judge(target, entries).reached).toBe(want);
  });
});
