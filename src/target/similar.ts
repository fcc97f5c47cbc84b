/** The names that `typed` may be a misspelling of: the nearest, at most three. Ignores case. */
export function similarTo(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  // A longer text is not a mistyped name.
  if (wanted.length < 2 || wanted.length > longest) return [];
  const slips = wanted.length < 5 ? 1 : 2;
  const near = names
    .filter(({ length }) => length <= longest)
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= slips);
  const least = Math.min(...near.map(({ distance }) => distance));
  return near
    .filter(({ distance }) => distance === least)
    .slice(0, 3)
    .map(({ name }) => name);
}

const longest = 64;

/**
 * The number of letters to insert, delete, replace or swap with the next one (Damerau-Levenshtein, optimal string
 * alignment). A name that starts with the typed text has distance 1.
 */
function distanceOf(typed: string, name: string): number {
  if (name.startsWith(typed)) return name === typed ? 0 : 1;
  let twoAbove: readonly number[] = [];
  let above = Array.from({ length: name.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const row = [i];
    for (let j = 1; j <= name.length; j++) {
      const same = typed[i - 1] === name[j - 1];
      const swapped = typed[i - 1] === name[j - 2] && typed[i - 2] === name[j - 1];
      row[j] = Math.min(
        at(above, j) + 1,
        at(row, j - 1) + 1,
        at(above, j - 1) + (same ? 0 : 1),
        swapped ? at(twoAbove, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [twoAbove, above] = [above, row];
  }
  return at(above, name.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
