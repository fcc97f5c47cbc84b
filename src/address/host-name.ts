/** Whether all of ssh's tools accept the text as a host. */
export function isHostName(text: string): boolean {
  return hostNameOf(text) === text;
}

/** The text with all that ssh refuses in a host replaced, for calls that give the target in another argument. */
export function hostNameOf(text: string): string {
  refused ??= new RegExp(characters, 'gu');
  return text.replaceAll(refused, '-').replace(/^-+/, '') || 'machine';
}

/**
 * What ssh refuses in a host name; the colon, at which scp and rsync split off the path; and the pattern characters of
 * known_hosts, for which newer versions of ssh accept no key. No literal: V8 would check it at each login, as it reads the
 * file, and read ICU's tables for that: a sixth of a login's own time.
 */
const characters = '[\\s\\p{C}:\'"`$\\\\;&<>|(){},*?!]+';
let refused: RegExp | undefined;

/** Whether the text can also be a name in a Host line of ssh_config: no pattern, no path. */
export function isPlainHostName(text: string): boolean {
  return isHostName(text) && !/[/*?!]/.test(text);
}
