/** One line of the doctor; "none": it does not matter here. */
export interface HostCheck {
  readonly name: string;
  readonly state: 'ok' | 'bad' | 'none';
  readonly found: string;
  /**
   * The same for a public bug report: fixed texts, counts, and values from allowed.ts. Nothing else about this host.
   */
  readonly report: string;
  /** How to fix it. */
  readonly fix?: string;
  /** People see all checks that say the same as one line, under this name. */
  readonly fold?: string;
}

/** A fixed text, which a report may include as it is. */
export function plain(text: string): Pick<HostCheck, 'found' | 'report'> {
  return { found: text, report: text };
}
