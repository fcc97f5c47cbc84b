import { quote } from '../errors.js';

/** Whether the text has a control character (category Cc). A regular expression would cost more than all other parsing. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}

/** Why a text cannot be a machine's name, which may become part of a path: one clause about `what`. Undefined if it can. */
export function nameProblem(name: string, what = 'machine name'): string | undefined {
  if (name === '') return `the ${what} is empty`;
  if (hasControlCharacter(name)) return `the ${what} contains a control character`;
  if (name.includes('/')) return `the ${what} contains a slash: ${quote(name)}`;
  if (name === '.' || name === '..') return `the ${what} is "${name}"`;
  return undefined;
}

/** The name of a login user, if ssh accepts it: neither an option, nor more than a word in a shell (valid_ruser in OpenSSH's ssh.c). Throws a RangeError. */
export function checkUserName(name: string): string {
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new RangeError(`the user name ${quote(name)} ${problem}; ssh refuses it too`);
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with "-"';
  if (hasControlCharacter(name)) return 'contains a control character';
  const [found] = /['`";&<>|(){}]/.exec(name) ?? [];
  if (found !== undefined) return `contains ${found}`;
  if (/\s-/.test(name)) return 'contains a "-" after a blank';
  return name.endsWith('\\') ? 'ends in "\\"' : undefined;
}

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
 * What ssh refuses in a host name; "@", which ends the user; the colon, at which scp and rsync split off the path; and the pattern characters of
 * known_hosts, for which newer versions of ssh accept no key. No literal: V8 would check it at each login, a sixth of its own time.
 */
const characters = '[\\s\\p{C}@:\'"`$\\\\;&<>|(){},*?!]+';
let refused: RegExp | undefined;

/** Whether the text can also be a name in a Host line of ssh_config: no pattern, no path. */
export function isPlainHostName(text: string): boolean {
  return isHostName(text) && !/[/*?!]/.test(text);
}

/** Why ssh cannot take a text as the host of a hop, one clause; undefined if it can. It is an argument of ssh: never an option. */
export function hopHostProblem(text: string): string | undefined {
  if (text === '') return 'the name of the hypervisor is empty';
  if (text.startsWith('-')) return `the name of a hypervisor cannot begin with "-": ${quote(text)}`;
  if (text.includes('@'))
    return `a user does not fit here: ${quote(text)}; give its Host a User in ~/.ssh/config`;
  if (!isHostName(text)) return `ssh does not take ${quote(text)} as a host`;
  return undefined;
}

/** A hypervisor's name. Throws a RangeError. */
export function hopHost(text: string): string {
  const problem = hopHostProblem(text);
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}

/** The name as a host that no tool reads as a pattern or path: letters, digits, ".", "_" and "-". Can be "". */
export function slug(name: string): string {
  // Most are: the tables of Unicode are not read for them.
  if (/^\w(?:[\w.-]*[\w.])?$/.test(name)) return name;
  unplain ??= new RegExp(notPlain, 'gu');
  const slug = name
    .normalize('NFC')
    .replaceAll(unplain, '-')
    .replace(/^[-.]+/, '');
  // A regular expression for the end would be tried at every dash.
  let end = slug.length;
  while (slug[end - 1] === '-') end--;
  return slug.slice(0, end);
}

/** The same for two names that differ only in case, in what no host name has, or in how Unicode composes a letter. */
export function foldOf(name: string): string {
  return slug(name).toLowerCase() || name;
}

// No literal either.
const notPlain = '[^\\p{L}\\p{N}\\p{M}._-]+';
let unplain: RegExp | undefined;

/** Whether a text matches an ssh pattern, where "*" is any characters and "?" is one. In n × m steps at most. */
export function matchesPattern(text: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  let star: { readonly next: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = { next: ++next, at };
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      at++;
      next++;
    } else if (star) {
      at = ++star.at;
      next = star.next;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}

/** The names that `typed` may be a misspelling of: the nearest, at most three. Ignores case. */
export function similarTo(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  // A longer text is not a mistyped name.
  if (wanted.length < 2 || wanted.length > longest) return [];
  const slips = wanted.length < 5 ? 1 : 2;
  const near = names
    .filter(({ length }) => length <= longest)
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= slips);
  const least = Math.min(...near.map(({ distance }) => distance));
  const nearest = near.flatMap(({ name, distance }) => (distance === least ? [name] : []));
  return nearest.slice(0, 3);
}

const longest = 64;

/** The Damerau-Levenshtein distance (optimal string alignment). A name that starts with the typed text has distance 1. */
function distanceOf(typed: string, name: string): number {
  if (name.startsWith(typed)) return name === typed ? 0 : 1;
  let twoAbove: readonly number[] = [];
  let above = Array.from({ length: name.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const row = [i];
    for (let j = 1; j <= name.length; j++) {
      const same = typed[i - 1] === name[j - 1];
      const swapped = typed[i - 1] === name[j - 2] && typed[i - 2] === name[j - 1];
      row[j] = Math.min(
        at(above, j) + 1,
        at(row, j - 1) + 1,
        at(above, j - 1) + (same ? 0 : 1),
        swapped ? at(twoAbove, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [twoAbove, above] = [above, row];
  }
  return at(above, name.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
