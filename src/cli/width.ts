/** The columns of a text in a terminal: East Asian characters and emoji take two, and combining marks none. */
export function width(text: string): number {
  return [...text].reduce((sum, c) => sum + widthOf(c), 0);
}

/** The text, or as much of its beginning as fits, with "…" at the end. */
export function fitted(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let fits = '';
  let left = columns - 1;
  for (const c of text) {
    left -= widthOf(c);
    if (left < 0) break;
    fits += c;
  }
  return columns > 0 ? `${fits}…` : '';
}

/** The text in lines of at most `columns`, broken at spaces; a longer word has a line to itself. */
export function inLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const word of text.split(' ')) {
    const size = width(word);
    const last = lines.at(-1);
    if (last === undefined || used + 1 + size > columns) {
      lines.push(word);
      used = size;
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
      used += 1 + size;
    }
  }
  return lines;
}

function widthOf(character: string): number {
  return /\p{Mn}/u.test(character) ? 0 : wideCharacter.test(character) ? 2 : 1;
}

const wideCharacter =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
