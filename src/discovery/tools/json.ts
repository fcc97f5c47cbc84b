/** An object from JSON, with unknown fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object, not null and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses untrusted JSON. One with far more levels or values than any list of machines is refused: a few megabytes of
 * brackets take hundreds of megabytes of memory. Throws a SyntaxError.
 */
export function parseJson(text: string): unknown {
  const problem = shapeProblem(text);
  if (problem !== undefined) throw new SyntaxError(problem);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`not JSON: ${JSON.stringify(text.slice(0, 80))}`, { cause });
  }
}

const mostLevels = 64;
const mostValues = 1 << 20;

function shapeProblem(text: string): string | undefined {
  let level = 0;
  let values = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') {
      quoted = true;
    } else if (c === '[' || c === '{') {
      level++;
      values++;
    } else if (c === ']' || c === '}') {
      level--;
    } else if (c === ',') {
      values++;
    }
    if (level > mostLevels) return `JSON of more than ${mostLevels} levels`;
    if (values > mostValues) return `JSON of more than ${mostValues} values`;
  }
  return undefined;
}
