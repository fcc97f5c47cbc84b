import { fitted, width } from '../cli/width.js';
import type { Key } from './keys.js';

/** Something to choose; its cells are safe to print. */
export interface Item {
  readonly cells: readonly string[];
}

/** What was typed so far, and which of the items that match it is marked. */
export interface Choice {
  readonly filter: string;
  readonly at: number;
}

export interface Line {
  readonly text: string;
  readonly look?: 'bold' | 'dim';
}

/** Lines of items that are shown at once. */
const page = 8;

/** The items whose cells have each word of the filter. */
export function matching<T extends Item>(items: readonly T[], filter: string): readonly T[] {
  const words = filter.toLowerCase().split(/\s+/);
  return items.filter(({ cells }) => {
    const text = cells.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The choice after a key that neither ends it nor leaves. */
export function changed(items: readonly Item[], choice: Choice, key: Key): Choice {
  const { filter, at } = choice;
  if ('text' in key) return { filter: filter + key.text, at: 0 };
  const last = Math.max(0, matching(items, filter).length - 1);
  const to = (index: number) => ({ filter, at: Math.min(last, Math.max(0, index)) });
  switch (key.does) {
    case 'up':
      return to(at === 0 ? last : at - 1);
    case 'down':
      return to(at === last ? 0 : at + 1);
    case 'page-up':
      return to(at - page);
    case 'page-down':
      return to(at + page);
    case 'first':
      return to(0);
    case 'last':
      return to(last);
    case 'erase':
      return { filter: [...filter].slice(0, -1).join(''), at: 0 };
    case 'erase-all':
      return { filter: '', at: 0 };
    default:
      return choice;
  }
}

/** The lines to show, none wider than `columns`; the cursor stays at the end of the last one. */
export function shownLines(
  items: readonly Item[],
  { filter, at }: Choice,
  question: string,
  columns: number,
  onEsc = 'to leave',
): readonly Line[] {
  const found = matching(items, filter);
  const from = Math.max(0, Math.min(at - page + 1, found.length - page));
  const widths = (items[0]?.cells ?? []).map((_, i) =>
    items.reduce((most, { cells }) => Math.max(most, width(cells[i] ?? '')), 0),
  );
  const shown = found.slice(from, from + page).map(({ cells }, i): Line => {
    const marked = from + i === at;
    const text = cells.map((cell, j) => cell + ' '.repeat((widths[j] ?? 0) - width(cell))).join('  ');
    const line = fitted(`${marked ? '>' : ' '} ${text}`.trimEnd(), columns);
    return marked ? { text: line, look: 'bold' } : { text: line };
  });
  const help = `${found.length} of ${items.length}: type to filter, arrows and Enter to choose, Esc ${onEsc}`;
  return [
    ...shown,
    { text: fitted(help, columns), look: 'dim' },
    { text: fitted(`${question} ${filter}`, columns) },
  ];
}
