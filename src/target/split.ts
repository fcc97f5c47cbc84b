/** A target's text, cut at its first separator. */
export interface Split {
  readonly text: string;
  /** What stands in front of the separator, in lower case; the whole text where there is none. */
  readonly word: string;
  readonly separator: '/' | '%' | ':' | '';
  /** What stands behind it, as typed. */
  readonly rest: string;
}

/** Cuts a text at its first "/", "%" or ":". Without a pattern: every proxy does this. */
export function split(text: string): Split {
  for (let at = 0; at < text.length; at++) {
    const separator = text[at];
    if (separator !== '/' && separator !== '%' && separator !== ':') continue;
    return { text, word: text.slice(0, at).toLowerCase(), separator, rest: text.slice(at + 1) };
  }
  return { text, word: text.toLowerCase(), separator: '', rest: '' };
}
