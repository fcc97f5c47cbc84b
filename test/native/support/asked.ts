/** What a command failed with for each call of fixtures/asking.c, just before and just after it gave up its rights. */
export interface Asked {
  readonly before: readonly string[];
  /** The calls that did not fail with ENOSYS. */
  readonly after: readonly string[];
}

/** How many calls it makes. */
export const askedCalls = 24;

/** Reads what asking.c wrote. */
export function parseAsked(text: string): Asked {
  const words = text
    .trim()
    .split('\n')
    .map((row) => row.split(' '));
  return {
    before: words.map(([, before = '']) => before),
    after: words.flatMap(([call = '', , after]) => (after === 'ENOSYS' ? [] : [`${call} ${after}`])),
  };
}
