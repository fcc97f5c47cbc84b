export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export function median(values: readonly number[]): number;
export function summarize(values: readonly number[]): Summary;
export function compare(
  ours: readonly number[],
  theirs: readonly number[],
): { readonly ratio: number; readonly pairwise: number };
