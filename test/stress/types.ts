import type { Bed } from './bed.js';

export type RuntimeName = 'executable' | 'node';

/** What is tried: the program as an argument array. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly command: readonly string[];
}

/** How many, and for how long. */
export interface Size {
  readonly count: number;
  readonly atOnce: number;
  readonly seconds?: number;
}

export interface Load {
  readonly id: string;
  readonly title: string;
  readonly full: Readonly<Record<RuntimeName, Size>>;
  readonly quick: Readonly<Record<RuntimeName, Size>>;
  /** Throws an error that says what failed. */
  readonly run: (bed: Bed, runtime: Runtime, size: Size) => Promise<Held>;
}

/** The result of a load. */
export interface Held {
  /** "10000 logins". */
  readonly what: string;
  /** What else was counted, as text. */
  readonly more?: string;
}

export interface Done extends Held {
  readonly id: string;
  readonly title: string;
  readonly runtime: RuntimeName;
  /** Why it failed; undefined if it did not. */
  readonly failure?: string;
}
