import { describe, inject } from 'vitest';

// A describe whose tests need guests. Where none can be booted it is skipped with the reason and the remedy as its name.
export function describeGuests(name: string, body: () => void): void {
  const missing = inject('missing');
  if (missing) describe.skip(`${name}: ${missing}`, () => body());
  else describe(name, body);
}
