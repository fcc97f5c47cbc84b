/** The name as a host that no tool reads as a pattern or path: letters, digits, ".", "_" and "-". Can be "". */
export function slug(name: string): string {
  const slug = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/^[-.]+/, '');
  // A regular expression for the end would be tried at every dash.
  let end = slug.length;
  while (slug[end - 1] === '-') end--;
  return slug.slice(0, end);
}
