import type { LookFacts } from '../../src/setup/step.js';

/** What setup has found of a machine of Incus that is up, and has no key for it. */
export function lookFacts(more: Partial<LookFacts> = {}): LookFacts {
  const login = {};
  const entry = { by: 'exec', host: 'incus/web', command: ['incus'] } as const;
  return {
    start: undefined,
    key: undefined,
    noKey: undefined,
    earlier: undefined,
    hosts: [],
    login,
    entry,
    ...more,
  };
}
