/** A line of a diff: kept, removed or added. */
export type DiffLine = readonly [' ' | '-' | '+', string];

/** The size of two pieces of text, as a product of lines, up to which each pair of lines is compared. */
const maxPairs = 1_000_000;

/** How often a piece is split into smaller ones. */
const maxCuts = 30;

/**
 * The lines of both texts as an edit: a shortest one, by the longest common subsequence, if they are short. Longer ones
 * are split at lines that are unique in both; a long piece without any is replaced as a whole.
 */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const diff: DiffLine[] = [];
  addDiff(linesOf(before), linesOf(after), maxCuts, diff);
  return diff;
}

/** A diff with `context` lines around each change; a line "…" replaces the rest. */
export function shortDiff(diff: readonly DiffLine[], context = 2): readonly DiffLine[] {
  const near = (at: number) =>
    diff.slice(Math.max(0, at - context), at + context + 1).some(([sign]) => sign !== ' ');
  return diff.flatMap((line, i): DiffLine[] => {
    if (near(i)) return [line];
    return i === 0 || near(i - 1) ? [[' ', '…']] : [];
  });
}

function addDiff(a: readonly string[], b: readonly string[], cuts: number, diff: DiffLine[]): void {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const rest = Math.min(a.length, b.length) - start;
  while (end < rest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  add(' ', a.slice(0, start), diff);
  addMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end), cuts, diff);
  add(' ', a.slice(a.length - end), diff);
}

function addMiddle(a: readonly string[], b: readonly string[], cuts: number, diff: DiffLine[]): void {
  const isShort = a.length * b.length <= maxPairs;
  const anchors = isShort || cuts === 0 ? [] : commonAnchors(a, b);
  if (isShort) addShortest(a, b, diff);
  else if (anchors.length === 0) {
    add('-', a, diff);
    add('+', b, diff);
  } else addBetween(anchors, a, b, cuts, diff);
}

function addBetween(
  anchors: readonly (readonly [number, number])[],
  a: readonly string[],
  b: readonly string[],
  cuts: number,
  diff: DiffLine[],
): void {
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...anchors, [a.length, b.length] as const]) {
    addDiff(a.slice(i, nextI), b.slice(j, nextJ), cuts - 1, diff);
    add(' ', a.slice(nextI, nextI + 1), diff);
    [i, j] = [nextI + 1, nextJ + 1];
  }
}

function addShortest(a: readonly string[], b: readonly string[], diff: DiffLine[]): void {
  const lengths = commonLengths(a, b);
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

function add(sign: DiffLine[0], lines: readonly string[], diff: DiffLine[]): void {
  for (const line of lines) diff.push([sign, line]);
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/**
 * Pairs of indexes of equal lines that are unique in both texts: as many as keep the order of both (patience diff). In
 * n × log n steps.
 */
function commonAnchors(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  const inB = onceIn(b);
  const pairs = [...onceIn(a)].flatMap(([line, i]) => {
    const j = inB.get(line);
    return j === undefined ? [] : [[i, j] as const];
  });
  return longestRising(pairs);
}

/** The unique lines and their indexes, in order. */
function onceIn(lines: readonly string[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  const often = new Set<string>();
  for (const [i, line] of lines.entries()) {
    if (last.has(line)) often.add(line);
    last.set(line, i);
  }
  for (const line of often) last.delete(line);
  return last;
}

interface Link {
  readonly pair: readonly [number, number];
  readonly before: Link | undefined;
}

/** The longest subsequence with rising second numbers; the first ones rise already. */
function longestRising(
  pairs: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  // For each length the subsequence with the lowest end.
  const ends: Link[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.pair[1] ?? 0) < pair[1]) low = middle + 1;
      else high = middle;
    }
    ends[low] = { pair, before: ends[low - 1] };
  }
  const rising: (readonly [number, number])[] = [];
  for (let link = ends.at(-1); link; link = link.before) rising.push(link.pair);
  return rising.reverse();
}
