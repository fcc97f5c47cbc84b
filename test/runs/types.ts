import type { ParseArgsConfig } from 'node:util';

/** A row of the table in runs.js. */
export interface Run {
  readonly name: string;
  /** Its script in package.json. */
  readonly script: string;
  /** One line of the table. */
  readonly summary: string;
  /** Programs that it needs, each with its Debian packages. */
  readonly needs?: Readonly<Record<string, string>>;
  /** What is built first: scripts of package.json. */
  readonly builds?: readonly string[];
  /** What can be chosen by name, all if none is; undefined: any part of a file's name. */
  readonly names?: () => readonly string[] | Promise<readonly string[]>;
  /** Its own options, each with what it does. */
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly says: string }>>;
  readonly load: () => Promise<{ readonly run: (choice: Choice) => Promise<Result> }>;
}

/** What was chosen by the arguments. */
export interface Choice {
  readonly names: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** What follows "--". */
  readonly rest: readonly string[];
  /** Whether to write the result into the docs. */
  readonly write: boolean;
}

/** Whether it passed; `row`: what docs/contributing/reliability.md says of a whole run. */
export interface Result {
  readonly passed: boolean;
  readonly row?: readonly [what: string, result: string, on?: string];
}

export type ParsedOptions = NonNullable<ParseArgsConfig['options']>;
