/** A machine's name: not empty, and without a slash or a dot alone, since it may become part of a path. Throws a RangeError. */
export function parseName(text: string, what: string): string {
  if (text === '') throw new RangeError(`the ${what} is empty`);
  if (text === '.' || text === '..') throw new RangeError(`${JSON.stringify(text)} is no ${what}`);
  if (text.includes('/')) throw new RangeError(`a ${what} cannot hold "/": ${JSON.stringify(text)}`);
  return text;
}
