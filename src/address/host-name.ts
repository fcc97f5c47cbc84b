/**
 * What ssh refuses in a host name; the colon, at which scp and rsync split off the path; and the pattern characters of
 * known_hosts, for which newer versions of ssh accept no key.
 */
const refused = /[\s\p{C}:'"`$\\;&<>|(){},*?!]+/gu;

/** Whether all of ssh's tools accept the text as a host. */
export function isHostName(text: string): boolean {
  return hostNameOf(text) === text;
}

/** The text with all that ssh refuses in a host replaced, for calls that give the target in another argument. */
export function hostNameOf(text: string): string {
  return text.replaceAll(refused, '-').replace(/^-+/, '') || 'machine';
}

/** Whether the text can also be a name in a Host line of ssh_config: no pattern, no path. */
export function isPlainHostName(text: string): boolean {
  return isHostName(text) && !/[/*?!]/.test(text);
}

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
