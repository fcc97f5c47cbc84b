/** A row of the table in runs.js. */
export interface Run {
  readonly name: string;
  /** Its script in package.json. */
  readonly script: string;
  /** One line of the table. */
  readonly summary: string;
  /** What its own help says first. */
  readonly about: string;
  readonly needs: Needs;
  /** What is built first: scripts of package.json. */
  readonly builds: readonly string[];
  /** What can be chosen by name; undefined: it is always run whole. */
  readonly names?: {
    readonly what: string;
    /** Undefined: any part of a file's name. */
    readonly all?: () => readonly string[] | Promise<readonly string[]>;
  };
  readonly options: Readonly<Partial<Record<keyof Options, Option>>>;
  /** What follows "--" and is passed on; undefined: nothing. */
  readonly rest?: string;
  /** Its row of docs/contributing/reliability.md; undefined: it writes pages of its own. */
  readonly row?: string;
  /** What --write writes, and when. */
  readonly writes: string;
  /** The command that writes it, after the script's name. */
  readonly writeArgs: string;
  /** Why these choices do not fit together. */
  readonly problem?: (choice: Choice) => string | undefined;
  /** Arguments, each with a comment. */
  readonly examples: Readonly<Record<string, string>>;
  readonly load: () => Promise<RunModule>;
}

export interface Needs {
  /** Only there: platform and architecture as Node names them. */
  readonly system?: string;
  /** Programs, each with its Debian packages. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What is left out without it. */
  readonly better?: string;
}

/** An option that takes nothing, a value, or a whole number. */
export interface Option {
  readonly says: string;
  /** Names the value in the help; undefined: it takes none. */
  readonly takes?: string;
  /** The value has to be a whole number, and this at least. */
  readonly least?: number;
  /** The value has to be one of these. */
  readonly oneOf?: readonly string[];
}

/** All options that a run can have. */
export interface Options {
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly loaded?: boolean;
  readonly runs?: number;
  readonly seconds?: number;
  readonly jobs?: number;
  readonly from?: string;
  readonly input?: string;
  readonly runtime?: string;
}

/** What was chosen by the arguments. */
export interface Choice extends Options {
  /** Those of `names` that were chosen: all if none was named. */
  readonly names: readonly string[];
  /** Nothing was left out by a name or by what is passed on. */
  readonly isWhole: boolean;
  readonly rest: readonly string[];
  readonly build: boolean;
  readonly write: boolean;
  readonly help: boolean;
}

/** What the file of a run exports. `write` does nothing without --write; an error is printed. Returns whether it passed. */
export interface RunModule {
  readonly run: (choice: Choice, write: (made: Section | Pages) => void) => Promise<boolean>;
}

/** Texts by their paths, from the root of the repository. */
export type Pages = Readonly<Record<string, string>>;

/** What a run has tried: a row of docs/contributing/reliability.md, and a report in dist/reliability. */
export interface Section {
  readonly title: string;
  /** What it ran on beside Linux and Node: names and versions. */
  readonly on?: Readonly<Record<string, string>>;
  /** The cells of its row. */
  readonly summary: readonly [what: string, result: string];
  /** Paragraphs or lists, in Markdown. */
  readonly text: readonly string[];
  readonly tables: readonly Table[];
}

/** A section as it is kept. */
export interface Kept extends Section {
  /** The command that made it. */
  readonly command: string;
  readonly on: Readonly<Record<string, string>>;
}

export interface Table {
  readonly caption?: string;
  readonly head: readonly string[];
  /** Cells in Markdown; "|" and line breaks are escaped by the page. */
  readonly rows: readonly (readonly string[])[];
}
