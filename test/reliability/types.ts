/** One section of docs/reliability.md: a file of records/, written by the run that its figures come from. */
export interface Section {
  readonly title: string;
  /** The command that made it. */
  readonly command: string;
  /** What it ran on: names and versions. */
  readonly on: Readonly<Record<string, string>>;
  /** The rows of the table at the top of the page. */
  readonly summary: readonly (readonly [what: string, result: string])[];
  /** Paragraphs or lists, in Markdown. */
  readonly text: readonly string[];
  readonly tables: readonly Table[];
}

export interface Table {
  readonly caption?: string;
  readonly head: readonly string[];
  /** Cells in Markdown; "|" and line breaks are escaped by the page. */
  readonly rows: readonly (readonly string[])[];
}
