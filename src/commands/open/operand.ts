import { hasControlCharacter } from '../../address/control-character.js';
import { UsageError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import { asTarget } from '../../kinds/parse.js';
import { splitUser } from '../../lookup/login.js';

export interface OpenOperand {
  readonly user: string | undefined;
  /** A target or a machine's name. */
  readonly machine: string;
  readonly path: string | undefined;
}

/** "[user@]TARGET" or "[user@]TARGET:PATH", where a target may have colons of its own. Throws a UsageError. */
export function parseOperand(text: string): OpenOperand {
  const { user, host } = splitUser(text);
  const at = pathStart(host);
  const machine = at === undefined ? host : host.slice(0, at);
  if (machine === '') throw new UsageError(`expected [user@]TARGET[:PATH], got ${quote(text)}`);
  return { user, machine, path: at === undefined ? undefined : checkPath(host.slice(at + 1)) };
}

/** A folder in the machine. Throws a UsageError. */
export function checkPath(path: string): string {
  // The executable keeps bytes that are not UTF-8 as lone surrogates.
  if (/\p{Cs}/u.test(path))
    throw new UsageError(`expected a path in UTF-8, since editors take it in a URL, got ${quote(path)}`);
  if (path.startsWith('/') && !hasControlCharacter(path)) return path;
  throw new UsageError(
    `expected an absolute path in the machine, as /home/ann/src, got ${path === '' ? 'nothing' : quote(path)}`,
  );
}

/** Where the colon before a path is: after a target, else the first one of a text that is no target. */
function pathStart(host: string): number | undefined {
  const colons = [...host.matchAll(/:(?=\/)/g)].slice(0, mostColons).map(({ index }) => index);
  const afterTarget = colons.find((at) => asTarget(host.slice(0, at)) !== undefined);
  if (afterTarget !== undefined) return afterTarget;
  const first = host.indexOf(':');
  return first < 0 || isTarget(host) ? undefined : first;
}

function isTarget(text: string): boolean {
  return asTarget(text) !== undefined;
}

/** Each is tried, and a text may have a hundred thousand. */
const mostColons = 8;
