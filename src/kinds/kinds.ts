import { existsSync } from 'node:fs';
import { ConnectError, quote } from '../base/errors.js';
import { outsideFiles, outsideLines } from '../sources/outside/file.js';
import type { Reachable, ResolveContext } from '../sources/source.js';
import { ownEnv } from '../sources/trusted-env.js';
import { hasControlCharacter, type Split, similarTo, split } from '../typed/names.js';
import { AnyCid } from '../typed/numbers.js';
import { offered, shellQuoted } from '../typed/shell.js';
import type { AnyTarget, OutsideTarget, ViaTarget } from '../typed/target.js';
import { hasWord, type Kind, kindWords } from './kind.js';
import {
  containerKind,
  dotHostKind,
  hyperVKind,
  machineKind,
  managedKinds,
  outsideKind,
  qemuKind,
  wslKind,
} from './machines.js';
import { hvsockKind, unixKind, vsockKind, vsockMuxKind } from './sockets.js';
import { viaKind } from './via.js';

export const kinds = [
  dotHostKind,
  unixKind,
  vsockKind,
  vsockMuxKind,
  machineKind,
  containerKind,
  hyperVKind,
  hvsockKind,
  wslKind,
  qemuKind,
  ...managedKinds,
  viaKind,
  outsideKind,
] satisfies readonly Kind[];

export type Target = ReturnType<(typeof kinds)[number]['parse']>;

/** A login asks a dozen times. */
const byItsName: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [kind.name, kind]));
const bare: readonly Kind[] = kinds.filter((kind: Kind) => kind.isBare);

export function kindOf({ kind: name }: AnyTarget, table?: readonly Kind[]): Kind {
  const kind = table ? table.find((kind) => kind.name === name) : byItsName.get(name);
  if (kind === undefined) throw new TypeError(`no kind ${name}`);
  return kind;
}

/** Whether a target names a machine, not an address where another one may answer later. */
export function isNamed(target: AnyTarget): boolean {
  const { inner } = target as Partial<ViaTarget>;
  return inner ? isNamed(inner) : hasMachines(kindOf(target));
}

/** Whether a kind's targets are machines, which keep their host keys. */
export function hasMachines({ name, rest }: Kind): boolean {
  return rest === 'name' || name === 'via';
}

export function providersOf(target: AnyTarget): readonly string[] {
  if (target.kind === 'outside') return [(target as OutsideTarget).source];
  return kindOf(target).sources.map(({ name }) => name);
}

/** `exists` defaults to the file system's. */
export type ResolveOptions = Omit<ResolveContext, 'exists' | 'signal'> &
  Partial<Pick<ResolveContext, 'exists'>> & { readonly signal?: AbortSignal };

/** Finds the machine that a target means on this host. Throws a ConnectError of op resolve. */
export async function resolveTarget(
  target: AnyTarget,
  options: ResolveOptions,
  table?: readonly Kind[],
): Promise<Reachable> {
  const context: ResolveContext = { exists: existsSync, ...options };
  const kind = kindOf(target, table);
  if (!isReachedFrom(kind, context.platform)) {
    const { elsewhere } = await import('./elsewhere.js');
    throw new ConnectError('resolve', context.text, elsewhere(kind, context));
  }
  // Services and tools of this host are asked.
  const asking = () => ({ ...context, env: ownEnv(context.env) });
  return await kind.resolve(target, kind.rest === 'name' ? asking() : context);
}

function isReachedFrom({ from }: Kind, platform: NodeJS.Platform): boolean {
  if (from === 'linux') return platform === 'linux';
  return from === 'anywhere' || from.startsWith('windows') === (platform === 'win32');
}

export interface TypedTarget {
  readonly text: string;
  readonly target: Target;
}

/** Parses a typed target, without looking anything up. Throws a ConnectError of op parse. */
export function parseTarget(text: string): Target {
  const known = parsed.get(text);
  if (known) return known;
  const target = parseBy<Target>(kinds, text);
  if (parsed.size < maxParsed) parsed.set(text, target);
  return target;
}

/** A command about thousands of machines asks for each many times. */
const parsed = new Map<string, Target>();
const maxParsed = 10_000;

export function parseBy<T extends AnyTarget>(table: readonly Kind<T>[], text: string): T {
  // A caller of the library may pass anything.
  if (typeof text !== 'string')
    throw refusal(String(typeof text), `the target is a text, not ${typeof text}`, formsHint(table));
  if (text === '') throw refusal(text, 'the target is empty', formsHint(table));
  if (hasControlCharacter(text)) throw refusal(text, 'it contains control characters');
  const parts = split(text);
  const kind = table.find((each) => isOf(each, parts));
  if (!kind) throw refusal(text, 'unknown kind of target', meant(table, parts) ?? formsHint(table));
  try {
    // All who ask get the same object, callers of the library too.
    return Object.freeze(kind.parse(parts, (inner) => parseBy(table, inner)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const form = `the form is ${kind.form}: ${kind.summary}`;
    throw refusal(text, error.message, error instanceof AnyCid ? error.hint : form);
  }
}

function isOf(kind: Kind, parts: Split): boolean {
  const { word, separator } = parts;
  if (separator === '') return kind.isBare?.(parts.text) === true;
  return hasWord(kind, word) && kind.separators.includes(separator);
}

/** `parseTarget`, but undefined if the text is not a target. */
export function asTarget(text: string): Target | undefined {
  const known = parsed.get(text);
  if (known) return known;
  // Nearly each text that is none is a name: an error would be made with all that it might have meant.
  const parts = split(text);
  if (!(parts.separator === '' ? bare : kinds).some((kind) => isOf(kind, parts))) return undefined;
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof ConnectError) return undefined;
    throw error;
  }
}

/** The target of a Host that was written before: in another environment its source may be unknown. */
export function keptTarget(text: string): Target {
  const words = () => [split(text).word];
  return asTarget(text) ?? parseBy<Target>([{ ...outsideKind, words }], text);
}

/** A bare name only reaches the proxy if no Host in ssh's configuration matches it. */
const byName = 'a machine by its name: vmssh ssh NAME, or vmssh config install and then ssh NAME';

function refusal(text: string, problem: string, hint?: string): ConnectError {
  return new ConnectError('parse', text, { code: 'USAGE', problem, hint });
}

/** A hint for an address of socat, a path, a port, a mistyped kind, or another separator than its own; undefined if it is like none. */
function meant(table: readonly Kind[], { text, word, separator, rest }: Split): string | undefined {
  if (separator === '') return `${byName}; ${formsHint(table)}`;
  if (word.endsWith('-listen')) return listenerHint;
  const takesColon = table.filter(({ separators }) => separators.includes(':'));
  const connects = takesColon.find(({ name }) => word === `${name}-connect`);
  if (connects) return `did you mean ${offered(`${connects.name}:${rest}`)}?`;
  if (/^\.{0,2}\//.test(text)) return pathHint(text.startsWith('..') ? `./${text}` : text);
  const typed = table.filter(({ separators }) => separators.length > 0);
  const [near = ''] = similarTo(word, typed.flatMap(kindWords));
  const kind = typed.find((kind) => hasWord(kind, near));
  if (!kind) return nameHint(text.slice(0, word.length), separator, rest);
  const joint = kind.separators.includes(separator) ? separator : kind.separators[0];
  return `did you mean ${offered(`${near}${joint}${rest}`)}?`;
}

/** For an address of socat or winsocat: "HVSOCK-LISTEN:PARENT:vsock-22". */
const listenerHint =
  'nothing connects to a listener: vmssh forward TARGET PORT listens on this host; in a guest, vmssh guest install sets up sshd on its socket';

function pathHint(path: string): string {
  const rest = path.startsWith('.') ? `/${path}` : path;
  const typed = ['unix', 'vsock-mux'].map((kind) => shellQuoted(kind + rest));
  return `a path has its kind in front: ${typed.join(', or for a multiplexer ')}`;
}

/** For a machine's name with more around it: a port, a path, or a word that is no kind. */
function nameHint(name: string, separator: string, rest: string): string | undefined {
  if (separator === ':') {
    const [machine, login] = [name, `ssh://${name}:${rest}`].map((each) => shellQuoted(each));
    if (/^\d+$/.test(rest)) return `a port is an option, -p ${rest} ${machine}, or in one word: ${login}`;
    const extra = rest === '' ? 'the colon' : quote(`:${rest}`);
    return `leave out ${extra}: ${machine}; only scp, sftp and rsync take a path`;
  }
  if (rest === '' || /[/%:]/.test(rest)) return undefined;
  const [file] = outsideFiles(process.env);
  const [bad] = outsideLines(process.env).problems;
  const why = bad ? `${bad.file}: ${bad.problem}` : `it is not in ${file}`;
  const own = file === undefined ? '' : `; if ${name} is a source of yours, ${why}`;
  return `a machine by its name has nothing in front: ${shellQuoted(rest)}, and vmssh list shows what to type for each${own}`;
}

function formsHint(table: readonly Kind[]): string {
  return `a target is one of ${table.map(({ form }) => form).join(', ')}`;
}
