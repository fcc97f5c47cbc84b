import { nameProblem } from './names.js';
import type { SocketPath } from './target.js';

/** A target's text, split at its first separator. */
export interface Split {
  readonly text: string;
  /** The text before the separator, in lower case; the whole text if there is none. */
  readonly word: string;
  readonly separator: '/' | '%' | ':' | '';
  /** The text after it, as typed. */
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

/**
 * The host name as the user typed it: ssh gives a proxy the name in lower case (%h) and as typed (%n). If a Host block renames it, %n is
 * an alias, so it is only used if both differ in nothing but the case of ASCII letters.
 */
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
  const problem = nameProblem(text, what);
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}

/** The path after "unix/" or "vsock-mux/". One with "%" and without "/" has a second reading with slashes, for scp and rsync. Throws a RangeError. */
export function parseSocketPath(rest: string): SocketPath {
  if (rest === '') throw new RangeError('the socket path is empty');
  const path = rooted(rest);
  if (rest.includes('/') || !rest.includes('%')) return { path: checkPath(path) };
  return { path: checkPath(path), decodedPath: rooted(rest.replaceAll('%', '/')) };
}

/** The path with a leading "/", unless it has one or starts with "./". */
export function rooted(rest: string): string {
  return rest.startsWith('/') || rest.startsWith('./') ? rest : `/${rest}`;
}

function checkPath(path: string): string {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw new RangeError(problem);
  return path;
}

/** Why no AF_UNIX socket can be opened at a path: it is too long. */
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
