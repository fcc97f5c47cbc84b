import { printable, quote } from '../../base/errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object, not null and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a path of names in a value from JSON; an empty one if there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const field = path.reduce((each, name) => (isJsonObject(each) ? each[name] : undefined), value);
  return isJsonObject(field) ? field : {};
}

/** A field that is a non-empty text. */
export function textOf(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field that is a TCP port, as a number or text. */
export function portOf(object: JsonObject, field: string): number | undefined {
  const port = Number(object[field]);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

/** The objects in a list from JSON. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/**
 * Parses untrusted JSON. Throws a SyntaxError, also for one with far more levels or values than any list of machines: a
 * few megabytes of brackets take hundreds of megabytes of memory.
 */
export function parseJson(text: string): unknown {
  const problem = shapeProblem(text);
  if (problem !== undefined) throw new SyntaxError(problem);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new SyntaxError(printable(`not JSON: ${quote(text.slice(0, 80))}: ${message}`), { cause });
  }
}

const maxLevels = 64;
const maxValues = 1 << 20;

function shapeProblem(text: string): string | undefined {
  // Looking at each character takes most of the time, in an engine without a JIT.
  const isShort = text.length <= maxValues;
  if (isShort && openings(text) <= maxLevels) return undefined;
  const plain = text.replaceAll('\\\\', '').replaceAll('\\"', '');
  // The values of a short text need no count, and for the levels strings in a row are as one.
  const joined = isShort ? plain.replaceAll('":"', '').replaceAll('","', '') : plain;
  // A value has two strings at most, its name and itself.
  const parts = joined.split('"', 4 * maxValues + 1);
  let level = 0;
  let values = parts.length / 4;
  for (let at = 0; at < parts.length && values <= maxValues; at += 2) {
    const outside = parts[at] ?? '';
    if (outside === ':') continue;
    if (outside === ',') {
      values++;
      continue;
    }
    for (const c of outside) {
      if (c === ',') values++;
      else if (c === '[' || c === '{') {
        level++;
        values++;
      } else if (c === ']' || c === '}') level--;
      if (level > maxLevels) return `JSON of more than ${maxLevels} levels`;
    }
  }
  return values > maxValues ? `JSON of more than ${maxValues} values` : undefined;
}

/** How many brackets open, up to more than enough. */
function openings(text: string): number {
  const most = maxLevels + 2;
  return text.split('[', most).length + text.split('{', most).length - 2;
}
