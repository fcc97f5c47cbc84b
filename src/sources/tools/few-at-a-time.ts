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
