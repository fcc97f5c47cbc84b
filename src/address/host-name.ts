/**
 * What ssh refuses in a host name; the colon, by which scp and rsync part the path from it; and what is a pattern to
 * known_hosts, for which newer versions of ssh take no key.
 */
const refused = /[\s\p{C}:'"`$\\;&<>|(){},*?!]+/gu;

/** Whether every tool of ssh takes the text for a host as it stands. */
export function isHostName(text: string): boolean {
  return hostNameOf(text) === text;
}

/** The text as ssh takes it for a host: what it refuses is replaced. For where another argument tells the target. */
export function hostNameOf(text: string): string {
  return text.replaceAll(refused, '-').replace(/^-+/, '') || 'machine';
}

/** Whether the text can be a name in a Host line of ssh_config too: no pattern, no path. */
export function isPlainHostName(text: string): boolean {
  return isHostName(text) && !/[/*?!]/.test(text);
}

/** The name as ssh takes it for a host and no tool for a pattern or a path: letters, digits, ".", "_" and "-". May be "". */
export function slug(name: string): string {
  const slug = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/^[-.]+/, '');
  // A pattern for the end would be tried at every dash.
  let end = slug.length;
  while (slug[end - 1] === '-') end--;
  return slug.slice(0, end);
}
