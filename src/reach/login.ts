import { ConnectError } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import { asTarget, kinds, type TypedTarget } from '../kinds/kinds.js';
import type { AllMachines } from '../sources/list-all.js';
import { checkUserName, split } from '../typed/names.js';
import { isBareId } from '../typed/numbers.js';
import type { ListedTarget, ShortNameDeps } from './short-name.js';

export interface Login {
  readonly user: string | undefined;
  /** A target, or a machine's name. */
  readonly host: string;
  /** As typed, unchecked. */
  readonly port: string | undefined;
}

/** "[user@]HOST", cut at the last "@" as ssh does; a "/", "%" or ":" before it belongs to a target. */
export function splitUser(text: string): Login {
  const [, user, host = text] = /^([^/%:]+)@(.*)$/s.exec(text) ?? [];
  return { user, host, port: undefined };
}

/** "[user@]HOST", or "ssh://[user@]HOST[:PORT]" as in ssh(1); literal targets keep their colons. */
export function splitLogin(text: string): Login {
  const [, uri] = /^ssh:\/\/(.*?)\/?$/is.exec(text) ?? [];
  if (uri === undefined) return splitUser(text);
  const login = splitUser(uri);
  const [, host, port] = /^(.*):(\d+)$/s.exec(login.host) ?? [];
  return host === undefined || isLiteral(login.host) ? login : { ...login, host, port };
}

function isLiteral(host: string): boolean {
  const { word, separator } = split(host);
  const kind = kinds.find(({ name }) => name === word);
  return separator === ':' && kind !== undefined && kind.rest !== 'name' && kind.separators.includes(':');
}

/** `user`: as typed, else from the machine's manager. */
export interface FoundTarget extends TypedTarget, Omit<Login, 'host'> {
  readonly machine: ListedTarget['machine'];
}

interface LookUpDeps extends Here {
  readonly names?: ShortNameDeps['names'];
}

/** Finds the target for NAME or a target, with the listed machine it leads to. `seen` gets all machines, if all were looked for. */
export async function lookUp(
  typed: string,
  { env, platform, names }: LookUpDeps,
  signal?: AbortSignal,
  seen?: (all: AllMachines) => void,
): Promise<ListedTarget> {
  const { resolveShortName } = await import('./short-name.js');
  const { viaMachine, writtenHosts } = await import('../book/same.js');
  const named = await resolveShortName(typed, { env, platform, signal, seen, names });
  if (named.target.kind !== 'via') return named;
  return { ...named, machine: viaMachine(named.target, await writtenHosts({ env })) };
}

/** The target of `[user@]TARGET`, `[user@]NAME` or `ssh://…`; only a name is looked up. Throws a ConnectError. */
export async function findTarget(
  typed: string,
  { env, platform }: Here,
  signal?: AbortSignal,
): Promise<FoundTarget> {
  const { user, host, port } = splitLogin(typed);
  checkUser(user, typed);
  // The search reports mistakes. A bare UUID is a Hyper-V machine's on Windows; elsewhere it can be any machine's.
  const address = platform === 'win32' || !isBareId(host) ? asTarget(host) : undefined;
  if (address) return { text: host, target: address, user, port, machine: undefined };
  const { text, target, machine } = await lookUp(host, { env, platform }, signal);
  return { text, target, user: user ?? machine?.user, port, machine };
}

function checkUser(user: string | undefined, typed: string): void {
  try {
    if (user !== undefined) checkUserName(user);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', typed, { code: 'USAGE', problem: error.message });
  }
}
