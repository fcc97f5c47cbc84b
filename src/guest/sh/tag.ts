/**
 * Shell text as it is written: backslashes stay, and `\${x}` is the shell's own `${x}`. What is interpolated must be
 * shell text too; a value goes through shellWord first.
 */
export function sh(parts: TemplateStringsArray, ...values: readonly string[]): string {
  const text = String.raw(parts, ...values.map((value) => value.replaceAll('$' + '{', '\\$' + '{')));
  return text.replaceAll('\\$' + '{', '$' + '{').replace(/^\n/, '');
}
