/** What a run has tried: a row of docs/contributing/reliability.md, and a report in dist/reliability. */
export interface Section {
  readonly title: string;
  /** The command that made it. */
  readonly command: string;
  /** What it ran on: names and versions. */
  readonly on: Readonly<Record<string, string>>;
  /** The cells of its row. */
  readonly summary: readonly [what: string, result: string];
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
