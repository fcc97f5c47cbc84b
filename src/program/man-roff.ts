/** A section: heading and text in man(7). */
export function section(name: string, body: string): string {
  return body === '' ? '' : `.SH ${name}\n${body.trimEnd()}\n`;
}

/** A part of a section. */
export function part(name: string, body: string): string {
  return `.SS ${escaped(name)}\n${body.trimEnd()}\n`;
}

/** A tagged paragraph: a term in man(7), and its description. */
export function entry(tag: string, about: string): string {
  return `.TP\n${tag}\n${text(about)}`;
}

export function text(content: string): string {
  return `${escaped(content)}\n`;
}

export function paragraphs(...all: readonly (string | undefined)[]): string {
  return all
    .filter((part) => part !== undefined && part !== '')
    .map((part) => text(part ?? ''))
    .join('.PP\n');
}

export function bold(content: string): string {
  return `\\fB${escaped(content)}\\fR`;
}

export function italic(content: string): string {
  return `\\fI${escaped(content)}\\fR`;
}

/** Escapes what roff would read as a command, an escape or a hyphen. */
export function escaped(content: string): string {
  return content
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^(?=\.)/gm, '\\&');
}
