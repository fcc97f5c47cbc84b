/** Characters of a line that are kept, from its end. */
const longest = 65_536;

/** Calls `each` with every whole line of what comes in parts; a line has at most 64 KiB. */
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
 * The same for a terminal, where somebody may be asked: `prompt` gets what stands there without a newline, at once. A line
 * of ours begins with a small letter, and waits for its end.
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

// Only now and then, so that what comes in small parts is not copied with each.
function keep(text: string): string {
  return text.length > 2 * longest ? text.slice(-longest) : text;
}
