import { describe, inject } from 'vitest';

/** A describe whose tests need Windows programs to run. Where none does it is skipped, with the reason as its name. */
export function describeWindows(name: string, body: () => void): void {
  const missing = inject('missing');
  if (missing) describe.skip(`${name}: ${missing}`, body);
  else describe(name, body);
}
