/**
 * Pairs of indexes of equal lines that are unique in both texts: as many as keep the order of both (patience diff). In
 * n × log n steps.
 */
export function commonAnchors(
  a: readonly string[],
  b: readonly string[],
): readonly (readonly [number, number])[] {
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
