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

/** Why ssh cannot take a text as the host of a hop, one clause; undefined if it can. It is an argument of ssh: never an option. */
export function hopHostProblem(text: string): string | undefined {
  if (text === '') return 'the name of the hypervisor is empty';
  if (text.startsWith('-')) return `the name of a hypervisor cannot begin with "-": ${JSON.stringify(text)}`;
  if (text.includes('@'))
    return `a user does not fit here: ${JSON.stringify(text)}; give its Host a User in ~/.ssh/config`;
  if (!isHostName(text)) return `ssh does not take ${JSON.stringify(text)} as a host`;
  return undefined;
}

/** A hypervisor's name. Throws a RangeError. */
export function hopHost(text: string): string {
  const problem = hopHostProblem(text);
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}

/** Where every loopback port of a machine listens. */
export const loopbackHost = '127.0.0.1';
