/**
 * The host name as the user typed it. ssh hands a proxy the name in lower case (%h) and as typed (%n); the latter is an
 * alias where a Host block renames it, so it is taken only where both differ in case alone. ssh folds ASCII letters.
 */
export function asTyped(host: string, typed: string | undefined): string {
  if (typed === host) return host;
  return typed !== undefined && foldAscii(typed) === foldAscii(host) ? typed : host;
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
