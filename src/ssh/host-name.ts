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
