/** A padded cell; `size`: its own width, `wide`: with its padding. */
export interface Padded {
  readonly text: string;
  readonly size: number;
  readonly wide: number;
}

/** The cells side by side; one that would stand out on the right begins a line below the second column. */
export function flowing(cells: readonly Padded[], columns = Number.POSITIVE_INFINITY): string {
  const indent = (cells[0]?.wide ?? 0) + gap;
  let text = '';
  let used = 0;
  for (const { text: cell, size, wide } of cells) {
    if (used > indent && used + size > columns) {
      text = `${text.trimEnd()}\n${' '.repeat(indent)}`;
      used = indent;
    }
    text += cell + ' '.repeat(gap);
    used += wide + gap;
  }
  return text;
}

/** The widths of columns by those of their cells; on a narrow terminal the longest cells of the widest column stand out. */
export function columnWidths(
  cells: readonly (readonly number[])[],
  columns = Number.POSITIVE_INFINITY,
): number[] {
  const widths = cells.map((each) => each.reduce((most, size) => Math.max(most, size), 0));
  const total = () => widths.reduce((sum, each) => sum + each, gap * (widths.length - 1));
  while (total() > columns) {
    const widest = Math.max(...widths);
    const at = widths.indexOf(widest);
    const next = cells[at]?.reduce((most, size) => (size < widest ? Math.max(most, size) : most), 0) ?? 0;
    if (next === 0) return widths;
    widths[at] = next;
  }
  return widths;
}

/** Spaces between two cells. */
const gap = 2;
