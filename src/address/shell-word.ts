/** One word for a POSIX shell, whatever it holds: the only way a value gets into a script. Throws a RangeError for a NUL. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot contain a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
