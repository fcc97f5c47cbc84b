/** A setting in an ssh_config. */
export interface Setting {
  /** In lower case. */
  readonly keyword: string;
  /** Without their quotes. */
  readonly args: readonly string[];
}

/** The settings of a configuration, in order, without comments and empty lines. */
export function settingsOf(config: string): readonly Setting[] {
  return config
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap((line) => {
      const [, keyword, rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
      return keyword === undefined ? [] : [{ keyword: keyword.toLowerCase(), args: wordsOf(rest) }];
    });
}

/** Split as ssh does: quotes of both sorts, also within a word; a backslash before a quote, a backslash or a blank; no comment. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const [c = '', next = ''] = [text[at], text[at + 1]];
    const isBlank = quote === '' && (c === ' ' || c === '\t');
    if (isBlank && word !== undefined) words.push(word);
    if (isBlank) word = undefined;
    else if (word === undefined && c === '#') break;
    else if (
      c === '\\' &&
      (next === '"' || next === "'" || next === '\\' || (next === ' ' && quote === ''))
    ) {
      word = (word ?? '') + next;
      at++;
    } else if (c === quote || (quote === '' && (c === '"' || c === "'"))) {
      quote = quote === '' ? c : '';
      word ??= '';
    } else word = (word ?? '') + c;
  }
  return word === undefined ? words : [...words, word];
}
