import type { ChildProcess } from 'node:child_process';

/** Resolves when the stderr of a program that has ended was read. */
export function afterLastLine({ stderr }: Pick<ChildProcess, 'stderr'>): Promise<void> {
  if (!stderr || stderr.destroyed) return Promise.resolve();
  return new Promise((resolve) => stderr.once('close', () => resolve()));
}
