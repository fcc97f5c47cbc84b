import { quote } from '../base/errors.js';
import type { SocketPath } from './target.js';

/** Whether the text has a control character. */
export function hasControlCharacter(text: string): boolean {
  return controlCharacter.test(text);
}

// The characters of Unicode's class Cc, as those outside of these ranges: \p{Cc} would cost each start.
const controlCharacter = /[^ -~\u00a0-\uffff]/;

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
  const problem = userProblem(name);
  return orThrow(name, problem && `the user name ${quote(name)} ${problem}; ssh refuses it too`);
}

function orThrow(text: string, problem: string | undefined): string {
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}

/** Why ssh refuses a user's name, after which this is said. */
export function userProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with "-"';
  if (hasControlCharacter(name)) return 'contains a control character';
  const [sign] = /['`";&<>|(){}]/.exec(name) ?? [];
  if (sign !== undefined) return `contains ${sign}`;
  if (/\s-/.test(name)) return 'contains a "-" after a blank';
  return name.endsWith('\\') ? 'ends in "\\"' : undefined;
}

/** Whether all of ssh's tools accept the text as a host. */
export function isHostName(text: string): boolean {
  return hostNameOf(text) === text;
}

/** What was typed for a machine as a host for ssh, so that the user's own Hosts count; undefined if ssh takes no form of it. */
export function typedHost(typed: string): string | undefined {
  const spelled = typed.replace(/^(vsock|unix|vsock-mux):/i, '$1/');
  return isHostName(spelled) ? spelled : undefined;
}

/** The text with all that ssh refuses in a host replaced, for calls that give the target in another argument. */
export function hostNameOf(text: string): string {
  refused ??= new RegExp(characters, 'gu');
  return text.replaceAll(refused, '-').replace(/^-+/, '') || 'machine';
}

// What ssh refuses in a host; "@" ends the user, scp and rsync split at a colon, newer sshs take no key for a pattern.
// No literal: V8 would check it at each login, a sixth of its own time.
const characters = '[\\s\\p{C}@:\'"`$\\\\;&<>|(){},*?!]+';
let refused: RegExp | undefined;

/** Whether the text can also be a name in a Host line of ssh_config: no pattern, no path. */
export function isPlainHostName(text: string): boolean {
  return isHostName(text) && !/[/*?!]/.test(text);
}

/** Whether a target can stand in a Host line as it is, which is unescaped there. */
export function isTargetWord(text: string): boolean {
  return /^[\w.:/+-]+$/.test(text);
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
  return orThrow(text, hopHostProblem(text));
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

/** A longer text is not a mistyped name. */
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

/** A target's text, split at its first separator. */
export interface Split {
  readonly text: string;
  /** The text before the separator, in lower case; the whole text if there is none. */
  readonly word: string;
  readonly separator: '/' | '%' | ':' | '';
  readonly rest: string;
}

/** Splits a text at its first "/", "%" or ":". Without a regular expression: every proxy does this. */
export function split(text: string): Split {
  for (let at = 0; at < text.length; at++) {
    const separator = text[at];
    if (separator !== '/' && separator !== '%' && separator !== ':') continue;
    return { text, word: text.slice(0, at).toLowerCase(), separator, rest: text.slice(at + 1) };
  }
  return { text, word: text.toLowerCase(), separator: '', rest: '' };
}

/** The host as typed: ssh gives a proxy it in lower case (%h) and as typed (%n), which is an alias if a Host renames it. */
export function asTyped(host: string, typed: string | undefined): string {
  if (typed === host) return host;
  const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return typed !== undefined && fold(typed) === fold(host) ? typed : host;
}

/** A typed login to a machine that a hypervisor has: "ann@mint" on hv1 is "ann@via/hv1/mint". */
export function behind(host: string, typed: string): string {
  const [, login = '', rest = ''] = /^((?:ssh:\/\/)?(?:[^@/%:]+@)?)(.*)$/is.exec(typed) ?? [];
  return `${login}via/${host}/${rest}`;
}

/** The name, if a machine can have it. Throws a RangeError. */
export function parseName(text: string, what: string): string {
  return orThrow(text, nameProblem(text, what));
}

/** The path after "unix/" or "vsock-mux/". One with "%" and without "/" has a second reading with slashes, for scp and rsync. Throws a RangeError. */
export function parseSocketPath(rest: string): SocketPath {
  if (rest === '') throw new RangeError('the socket path is empty');
  const full = rooted(rest);
  const path = orThrow(full, socketPathProblem(full));
  if (rest.includes('/') || !rest.includes('%')) return { path };
  return { path, decodedPath: rooted(rest.replaceAll('%', '/')) };
}

function rooted(rest: string): string {
  return rest.startsWith('/') || rest.startsWith('./') ? rest : `/${rest}`;
}

export function socketPathProblem(path: string): string | undefined {
  if (fitsSocket(path)) return undefined;
  const length = Buffer.byteLength(path);
  return `the socket path has ${length} bytes and AF_UNIX takes at most ${maxSocketPath}: ${path}`;
}

/** The longest AF_UNIX path in bytes: sun_path has 108 with the final NUL (unix(7)). */
export const maxSocketPath = 107;

/** Whether the path fits AF_UNIX; Node and others truncate a longer one and open another socket. */
export function fitsSocket(path: string): boolean {
  // A UTF-16 unit has at most three bytes: most paths need no counting.
  return path.length * 3 <= maxSocketPath || Buffer.byteLength(path) <= maxSocketPath;
}

/** Whether a target's path begins in a process, /proc/PID/root: another process may have that number later. */
export function isOfProcess(target: string): boolean {
  return /(?:^|[/%])(?:vsock-mux|unix)[/%:]+proc[/%]\d+(?:[/%]|$)/i.test(target);
}

/** Whether a host can only be this one: 127.0.0.0/8, ::1, the same in other spellings, or localhost. No name is looked up. */
export function isLoopback(host: string): boolean {
  const text = plainIp(host);
  return isIpv4(text) ? text.startsWith('127.') : text === '::1' || text === 'localhost';
}

/** An address in the one form that others are compared with: the IPv4 address in an IPv6 one, and each group without zeros in front. */
export function plainIp(address: string): string {
  const lower = address.toLowerCase();
  const [text = '', scope] = lower.split('%');
  const groups = ipv6Groups(text);
  if (!groups) return lower;
  if (groups.slice(0, 5).every((each) => each === 0) && (groups[5] === 0xffff || groups[5] === 0)) {
    const [high = 0, low = 0] = groups.slice(6);
    if (groups[5] === 0xffff || high !== 0) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
    return low === 0 ? '::' : low === 1 ? '::1' : `::${low.toString(16)}`;
  }
  return `${groups.map((each) => each.toString(16)).join(':')}${scope === undefined ? '' : `%${scope}`}`;
}

/** The IPv4 address that ssh reads in a host, also in the forms of inet_aton(3): "127.1", "0x7f.1", "0". Undefined if it is none. */
export function anyIpv4(host: string): string | undefined {
  const parts = host.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(0|[1-9]\d*|0[0-7]+|0x[0-9a-f]+)$/i.test(part)))
    return undefined;
  const numbers = parts.map((part) => (/^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop() ?? 0;
  if (numbers.some((each) => each > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = [
    ...numbers,
    ...[3, 2, 1, 0].slice(numbers.length).map((at) => Math.floor(last / 256 ** at) % 256),
  ];
  return bytes.join('.');
}

// Not isIP of node:net: a connection would load that whole module for it.
function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

function ipv6Groups(text: string): readonly number[] | undefined {
  const hex = text.replace(/(?<=:)[\d.]+$/, (end) => {
    const [a = 0, b = 0, c = 0, d = 0] = end.split('.').map(Number);
    return isIpv4(end) ? `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}` : end;
  });
  const halves = hex.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = halves;
  const missing = 8 - head.length - tail.length;
  const counts = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  if (!counts || ![...head, ...tail].every((each) => /^[0-9a-f]{1,4}$/.test(each))) return undefined;
  return [...head, ...Array<string>(missing).fill('0'), ...tail].map((each) => Number.parseInt(each, 16));
}
