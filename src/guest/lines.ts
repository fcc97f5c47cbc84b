/** Calls `each` with every whole line of what comes in parts; a line has at most 64 KiB. */
export function splitLines(each: (line: string) => void): (part: string) => void {
  let rest = '';
  return (part) => {
    const lines = (rest + part).split('\n');
    rest = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) each(line);
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
    const text = rest + part;
    const at = text.lastIndexOf('\n') + 1;
    split(text.slice(0, at));
    rest = text.slice(at);
    if (rest === '' || /^[a-z]/.test(rest)) return;
    prompt(rest);
    rest = '';
  };
}
