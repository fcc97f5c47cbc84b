import type { Entry, Figure, FigureResult, Target, Verdict } from './types.js';

export function measure(
  figure: Figure,
  progress?: (run: number, name: string) => void,
): Promise<FigureResult>;
export function judge(target: Target, entries: readonly Entry[]): Verdict;
