const mark = '# Kept by later runs: ';

/** Comments that record options in our file for later runs; "" if there are none. */
export function recordLines(options: readonly string[]): string {
  return options.map((option) => `${mark}${option}\n`).join('');
}

/** The options recorded in a file: only the lines below its first, since a comment above a Host may have any machine's name. */
export function recorded(file: string): readonly string[] {
  const lines = file.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith(mark));
  return lines.slice(0, Math.max(0, end)).map((line) => line.slice(mark.length));
}

export const freshOption = '--fresh';
export const noFreshOption = '--no-fresh';

/** Whether a file's Hosts may be kept up to date without asking again. */
export function isFresh(file: string): boolean {
  return recorded(file).includes(freshOption);
}
