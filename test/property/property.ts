import fc from 'fast-check';
import { expect, it } from 'vitest';

const env = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);

/** The same inputs in every run, unless VMSSH_TEST_SEED is another number. VMSSH_TEST_RUNS multiplies how many. */
const seed = env('VMSSH_TEST_SEED', 20);
export const factor = env('VMSSH_TEST_RUNS', 1);

/**
 * A test of one property: `holds` throws for an input that breaks it. fast-check then prints the smallest such input, and
 * the seed and path that make it again. `missing`: why it cannot run here (missingPrograms).
 */
export function property<T>(
  title: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => unknown,
  runs = 300,
  missing?: string,
): void {
  const asked = fc.asyncProperty(inputs, async (input) => {
    await holds(input);
  });
  const options = factor > 1 ? { timeout: 240_000 * factor } : {};
  it.skipIf(missing)(title, options, () => fc.assert(asked, { seed, numRuns: Math.ceil(runs * factor) }));
}

/** Any text: all of Unicode, with characters that some format reads as its own more often. */
export const anyText = (own = `'"\\%$\`#=,:;/{}[]()<>|&*?!@~^ \t\n\r\0\u202e`): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.oneof(fc.constantFrom(...own), fc.constantFrom(...'abZ019-._')), maxLength: 40 }),
  );

/** A text of these characters. */
export const textOf = (characters: string, least = 0, most = 20): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: least, maxLength: most });

/** The bytes in pieces, cut at these places. */
export function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = places.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** The result, or undefined after a failure of this kind; any other one fails the test. */
export function expectOr<T>(work: () => T, kind: new (...args: never[]) => Error): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(kind);
    return undefined;
  }
}
