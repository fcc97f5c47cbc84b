/**
 * The host name as the user typed it. ssh gives a proxy the name in lower case (%h) and as typed (%n). If a Host block
 * renames it, %n is an alias, so it is only used if both differ in nothing but case. ssh folds ASCII letters.
 */
export function asTyped(host: string, typed: string | undefined): string {
  if (typed === host) return host;
  return typed !== undefined && foldAscii(typed) === foldAscii(host) ? typed : host;
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
