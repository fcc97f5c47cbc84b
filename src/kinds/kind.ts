import type { Reachable, ResolveContext, Source } from '../sources/source.js';
import type { Split } from '../typed/names.js';
import type { AnyTarget } from '../typed/target.js';

/** From where a kind of target is reached. Inside WSL2, "windows-wsl2" starts the Windows build. */
export type From = 'anywhere' | 'linux' | 'linux-mac' | 'windows' | 'windows-wsl2';

/** All that vmssh knows of one kind of target: one record each, listed in kinds.ts. */
export interface Kind<T extends AnyTarget = AnyTarget> {
  /** The word before the first separator, in lower case, if it has no others; also the `kind` of its targets. */
  readonly name: string;
  /** The words before the separator, if they are others than the name. */
  words?(): readonly string[];
  readonly form: string;
  readonly summary: string;
  /** The separators that may follow the word; "" for a kind that is one word. */
  readonly separators: '' | '/%' | '/%:';
  /** Other texts that mean the same as a kind of one word. */
  readonly also?: readonly string[];
  /** More Host patterns: spellings of another tool for ssh. */
  readonly sshForms?: readonly string[];
  /** What follows the separator: a socket's path, another address, where another machine may answer later, or a name to look up. */
  readonly rest: 'path' | 'address' | 'name';
  readonly from: From;
  /** False for a socket with one server. */
  readonly takesPort: boolean;
  /** Whether a machine without a UUID has its key under its name and its owner: this user and the system may each have one of that name. */
  readonly keyHasOwner?: boolean;
  /** Whether its machines may be reached by a network; false if absent. */
  readonly network?: boolean;
  readonly sameMachinesAs?: string;
  /** The sources that list its machines; those with `load` are asked for one by its name, in this order. */
  readonly sources: readonly { readonly name: string; load?(target: T): Promise<Source> }[];
  /** Whether a text without any separator is of this kind. */
  isBare?(text: string): boolean;
  /** Throws a RangeError with one clause if the rest is invalid. `inner` parses a target within it, and throws a ConnectError. */
  parse(split: Split, inner: (text: string) => AnyTarget): T;
  /** Throws a ConnectError of op resolve. */
  resolve(target: T, context: ResolveContext): Reachable | Promise<Reachable>;
}

/** What completion offers for a kind, "vsock/". Undefined if its machines are listed instead. */
export function addressWord({ name, rest, separators, from }: Kind): string | undefined {
  const isOffered = rest !== 'name' && separators !== '' && !from.startsWith('windows');
  return isOffered ? `${name}/` : undefined;
}

/** The Host patterns for a kind; ssh_config(5) only knows * and ?. A ":" after the kind is for vmssh itself: only "/" and "%" are hosts for ssh. */
export function hostPatterns(kind: Kind): readonly string[] {
  const { separators, also = [], sshForms = [] } = kind;
  const ends = separators === '' ? [''] : ['/*', '%*'];
  const own = kindWords(kind).flatMap((word) => ends.map((end) => word + end));
  return [...own, ...also, ...sshForms];
}

export function kindWords({ name, words }: Kind): readonly string[] {
  return words?.() ?? [name];
}

/** Whether one of a kind's words is this one. Each login asks of many kinds, so that no list is made. */
export function hasWord({ name, words }: Kind, word: string): boolean {
  return words ? words().includes(word) : name === word;
}
