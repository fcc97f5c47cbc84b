import { describe, expect, it } from 'vitest';
import { width } from '../../src/cli/width.js';
import { changed, matching, shownLines } from '../../src/picker/choice.js';

const items = ['web', 'web2', 'db'].map((name) => ({ cells: [name, 'libvirt', 'running'] }));
const many = Array.from({ length: 30 }, (_, i) => ({ cells: [`m${i}`] }));
const start = { filter: '', at: 0 };

describe('a choice', () => {
  it.each([
    { filter: '', want: 3 },
    { filter: 'WEB', want: 2 },
    { filter: 'run db', want: 1 },
    { filter: 'nothing', want: 0 },
  ])('has $want of 3 for "$filter"', ({ filter, want }) => {
    expect(matching(items, filter)).toHaveLength(want);
  });

  it('goes around at both ends, and stays within the list by pages', () => {
    expect(changed(items, start, { does: 'up' })).toEqual({ filter: '', at: 2 });
    expect(changed(items, { filter: '', at: 2 }, { does: 'down' })).toEqual(start);
    expect(changed(many, start, { does: 'page-down' }).at).toBe(8);
    expect(changed(many, start, { does: 'page-up' }).at).toBe(0);
    expect(changed(many, { filter: '', at: 25 }, { does: 'page-down' }).at).toBe(29);
    expect(changed(many, start, { does: 'last' }).at).toBe(29);
    expect(changed([], start, { does: 'down' })).toEqual(start);
  });

  it('starts again at the first match when the filter changes', () => {
    const typed = changed(items, { filter: 'w', at: 1 }, { text: '漢' });
    expect(typed).toEqual({ filter: 'w漢', at: 0 });
    expect(changed(items, typed, { does: 'erase' })).toEqual({ filter: 'w', at: 0 });
    expect(changed(items, typed, { does: 'erase-all' })).toEqual(start);
  });

  it('shows at most 8 items around the marked one, and none wider than the terminal', () => {
    const lines = shownLines(many, { filter: '', at: 20 }, 'Which?', 80);
    expect(lines).toHaveLength(10);
    expect(lines.filter(({ look }) => look === 'bold')).toEqual([{ text: '> m20', look: 'bold' }]);
    const wide = [{ cells: ['漢字'.repeat(30), 'e\u0301'.repeat(30)] }];
    for (const columns of [1, 2, 3, 20, 79])
      for (const { text } of shownLines(wide, start, 'Which machine?', columns))
        expect(width(text)).toBeLessThanOrEqual(columns);
  });

  it('aligns the columns', () => {
    expect(shownLines(items, start, 'Which?', 80).map(({ text }) => text)).toEqual([
      '> web   libvirt  running',
      '  web2  libvirt  running',
      '  db    libvirt  running',
      '3 of 3: type to filter, arrows and Enter to choose, Esc to leave',
      'Which? ',
    ]);
  });
});
