export function definedFields<T extends object>(fields: T): DefinedFields<T> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as DefinedFields<T>;
}

type DefinedFields<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export function countBy<T, K>(items: Iterable<T>, key: (item: T) => K): ReadonlyMap<K, number> {
  return new Map([...groupBy(items, key)].map(([name, { length }]) => [name, length]));
}

export function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** The items; where many are of one kind, only the first of them, and how many `more` there are. */
export function withoutRepeats<T>(
  items: readonly T[],
  kind: (item: T) => unknown,
): readonly { readonly item: T; readonly more: number }[] {
  const groups = groupBy(items, kind);
  return items.flatMap((item) => {
    const group = groups.get(kind(item)) ?? [];
    if (group.length <= maxOfAKind) return [{ item, more: 0 }];
    return item === group[0] ? [{ item, more: group.length - 1 }] : [];
  });
}

const maxOfAKind = 3;

/** Names in a line on the screen. */
export const maxShown = 8;

/** The first `most` words, and how many more there are. */
export function fewOf(words: readonly string[], most: number): string {
  const more = words.length > most ? `, and ${words.length - most} more` : '';
  return `${words.slice(0, most).join(', ')}${more}`;
}

/** `work` on each item, at most `many` at once; the results in the order of `items`. Starts no more once `signal` is aborted. */
export async function fewAtATime<T, R>(
  items: readonly T[],
  many: number,
  work: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) {
      signal?.throwIfAborted();
      results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: many }, worker));
  return results;
}
