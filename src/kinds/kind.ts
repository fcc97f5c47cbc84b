import type { Resolution, ResolveContext } from '../resolve/resolution.js';
import type { Split } from '../target/split.js';
import type { AnyTarget } from '../target/target.js';

/** All that vmssh knows of one kind of target: one file each, listed in kinds.ts. */
export interface Kind<T extends AnyTarget = AnyTarget> {
  /** The word in front of the first separator, in lower case, and what its targets have for `kind`. */
  readonly name: string;
  /** The form to type, for help and error messages. */
  readonly form: string;
  readonly summary: string;
  /** The separators that may follow the word; "" for a kind that is one word. */
  readonly separators: '' | '/%' | '/%:';
  /** Other texts that mean the same as a kind of one word. */
  readonly also?: readonly string[];
  /** What follows: a socket's path, another address, or a name that is looked up. */
  readonly rest: 'path' | 'address' | 'name';
  /** From where it is reached. Inside WSL2, "windows-wsl2" starts the Windows build. */
  readonly from: 'anywhere' | 'linux' | 'windows' | 'windows-wsl2';
  /** False for a socket with one server. */
  readonly takesPort: boolean;
  /** Whose host key is kept: the machine's, or nobody's, where another machine may answer tomorrow. */
  readonly hostKey: 'machine' | 'none';
  /** The kind that names the same machines, if another does too. */
  readonly sameMachinesAs?: string;
  /** The providers that list such machines. */
  readonly providers: readonly string[];
  /** Whether a text without any separator is of this kind. */
  isBare?(text: string): boolean;
  /** Throws a RangeError with one clause if the rest is not understood. */
  parse(split: Split): T;
  /** Throws a ConnectError of op resolve. */
  resolve(target: T, context: ResolveContext): Resolution | Promise<Resolution>;
}

/** The word for whose machines a kind names: of two kinds with the same it is one. */
export function machinesOf({ name, sameMachinesAs = name }: Kind): string {
  return sameMachinesAs;
}

/** What completion offers of a kind, "vsock/": what follows it is the user's to know. Undefined if its machines are listed. */
export function addressWord({ name, rest, separators, from }: Kind): string | undefined {
  const isOffered = rest !== 'name' && separators !== '' && !from.startsWith('windows');
  return isOffered ? `${name}/` : undefined;
}

/** The patterns that an ssh_config has for a kind; ssh_config(5) knows only * and ?. */
export function hostPatterns({ name, separators, also = [] }: Kind): readonly string[] {
  const own = separators === '' ? [name] : [...separators].map((separator) => `${name}${separator}*`);
  return [...own, ...also];
}
