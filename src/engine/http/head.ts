/** Status line and headers of an answer. */
export interface Head {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly chunked: boolean;
  /** Bytes of the body; undefined if the end of the connection ends it, or if it is chunked. */
  readonly length: number | undefined;
}

/** Parses it, without the empty line after it. Throws an error with a code if it is invalid. */
export function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, digits] = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(first) ?? [];
  if (digits === undefined) throw invalid('HPE_INVALID_CONSTANT', 'Expected HTTP/');
  const headers = Object.fromEntries(lines.map(parseLine));
  const status = Number(digits);
  const chunked = headers['transfer-encoding']?.split(',').at(-1)?.trim().toLowerCase() === 'chunked';
  const length = headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw invalid('HPE_INVALID_CONTENT_LENGTH', 'Invalid character in Content-Length');
  }
  const empty = status === 204 || status === 304;
  return { status, headers, chunked, length: empty ? 0 : length === undefined ? undefined : Number(length) };
}

function parseLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  if (colon < 0 || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    throw invalid('HPE_INVALID_HEADER_TOKEN', 'Invalid header token');
  }
  return [name.toLowerCase(), withoutBlanks(line.slice(colon + 1))];
}

/** In linear time, which a regular expression for the blanks at an end does not take. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function invalid(code: string, problem: string): Error {
  return Object.assign(new Error(`Parse Error: ${problem}`), { code });
}
