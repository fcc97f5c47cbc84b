/** A section: its heading and its text in man(7). */
export function section(name: string, body: string): string {
  return body === '' ? '' : `.SH ${name}\n${body.trimEnd()}\n`;
}

/** A part of a section. */
export function part(name: string, body: string): string {
  return `.SS ${escaped(name)}\n${body.trimEnd()}\n`;
}

/** A word or a line, in man(7), and what it is. */
export function entry(tag: string, about: string): string {
  return `.TP\n${tag}\n${text(about)}`;
}

export function text(words: string): string {
  return `${escaped(words)}\n`;
}

export function paragraphs(...all: readonly (string | undefined)[]): string {
  return all
    .filter((words) => words !== undefined && words !== '')
    .map((words) => text(words ?? ''))
    .join('.PP\n');
}

export function bold(words: string): string {
  return `\\fB${escaped(words)}\\fR`;
}

export function italic(words: string): string {
  return `\\fI${escaped(words)}\\fR`;
}

/** A line must not start with a control character of roff, nor hold a backslash or a dash that it would set as a hyphen. */
export function escaped(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^(?=\.)/gm, '\\&');
}
