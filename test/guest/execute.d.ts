import type { Result, RunOptions } from './guest.js';

export function execute(
  program: string,
  args: string[],
  options?: RunOptions & { env?: NodeJS.ProcessEnv; words?: string },
): Promise<Result>;
export function tail(text: string, lines?: number): string;
