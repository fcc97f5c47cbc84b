import { nameProblem } from '../address/machine-name.js';

/** The name, if a machine can have it. Throws a RangeError. */
export function parseName(text: string, what: string): string {
  const problem = nameProblem(text, what);
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}
