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

function wordsOf(text: string): readonly string[] {
  return (text.match(/"[^"]*"|[^\s"]+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
