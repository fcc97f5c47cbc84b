/** A line of a diff: kept, removed or added. */
export type DiffLine = readonly [' ' | '-' | '+', string];

/** The lines of both texts as a shortest edit, by the longest common subsequence. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const lengths = commonLengths(a, b);
  const diff: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [old = '', young = ''] = [a[i], b[j]];
    if (i < a.length && j < b.length && old === young) {
      diff.push([' ', old]);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      diff.push(['-', old]);
      i++;
    } else {
      diff.push(['+', young]);
      j++;
    }
  }
  return diff;
}

/** A diff with `context` kept lines around what changed; a line "…" stands for what is left out. */
export function shortDiff(diff: readonly DiffLine[], context = 2): readonly DiffLine[] {
  const near = (at: number) =>
    diff.slice(Math.max(0, at - context), at + context + 1).some(([sign]) => sign !== ' ');
  return diff.flatMap((line, i): DiffLine[] => {
    if (near(i)) return [line];
    return i === 0 || near(i - 1) ? [[' ', '…']] : [];
  });
}

// The length of the longest common subsequence of a from i on and b from j on.
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = rows[i];
      if (row)
        row[j] =
          a[i] === b[j] ? at(rows, i + 1, j + 1) + 1 : Math.max(at(rows, i + 1, j), at(rows, i, j + 1));
    }
  }
  return rows;
}

function at(rows: readonly Uint32Array[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
