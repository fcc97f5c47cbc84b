/** A file to write; `after` undefined: the file is removed. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** For a new file. */
  readonly mode: number;
  /** Why the user has to make this change. */
  readonly byHand?: string | undefined;
}
