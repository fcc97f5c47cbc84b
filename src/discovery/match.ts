/** What a machine can be found by. */
export interface Named {
  readonly name: string;
  /** With or without dashes, in lower case. */
  readonly uuid?: string | undefined;
}

/**
 * The machines that `wanted` may mean: by name, else without regard to case (ssh lower-cases %h), else by slug, else by
 * UUID or machine id.
 */
export function match<T extends Named>(wanted: string, machines: readonly T[]): readonly T[] {
  const lower = wanted.toLowerCase();
  const id = lower.replaceAll(/[-{}]/g, '');
  const tests: ((machine: T) => boolean)[] = [
    ({ name }) => name === wanted,
    ({ name }) => name.toLowerCase() === lower,
    ({ name }) => slug(name).toLowerCase() === lower,
    ({ uuid }) => /^[0-9a-f]{32}$/.test(id) && uuid?.replaceAll('-', '') === id,
  ];
  for (const test of tests) {
    const matches = machines.filter(test);
    if (matches.length > 0) return matches;
  }
  return [];
}

/** The name as ssh takes it for a host and no tool for a pattern or a path: letters, digits, ".", "_" and "-". May be "". */
export function slug(name: string): string {
  const words = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/^[-.]+/, '');
  // A pattern for the end would be tried at every dash.
  let end = words.length;
  while (words[end - 1] === '-') end--;
  return words.slice(0, end);
}
