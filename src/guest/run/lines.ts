/** The characters kept of a long line, from its end. */
const longest = 65_536;

/** Splits chunks into lines and calls `each` with every complete one; a line has at most 64 KiB. */
export function splitLines(each: (line: string) => void): (part: string) => void {
  let rest = '';
  return (part) => {
    const at = part.lastIndexOf('\n') + 1;
    if (at > 0) {
      for (const line of (rest + part.slice(0, at - 1)).split('\n')) each(line.slice(-longest));
      rest = '';
    }
    rest = keep(rest + part.slice(at));
  };
}

/**
 * The same for a terminal, with prompts: `prompt` gets a text without a newline at once. Our own lines begin with a
 * lower-case letter, and are kept until they end.
 */
export function splitTerminal(
  each: (line: string) => void,
  prompt: (text: string) => void,
): (part: string) => void {
  let rest = '';
  const split = splitLines(each);
  return (part) => {
    const at = part.lastIndexOf('\n') + 1;
    if (at > 0) split(rest + part.slice(0, at));
    rest = keep(at > 0 ? part.slice(at) : rest + part);
    if (rest === '' || /^[a-z]/.test(rest)) return;
    prompt(rest);
    rest = '';
  };
}

// Not at every chunk, so that small ones do not copy the line each time.
function keep(text: string): string {
  return text.length > 2 * longest ? text.slice(-longest) : text;
}
