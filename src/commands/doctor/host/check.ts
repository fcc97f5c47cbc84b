/** One line of the doctor: "none" where it does not matter here. */
export interface HostCheck {
  readonly name: string;
  readonly state: 'ok' | 'bad' | 'none';
  readonly found: string;
  /**
   * The same for a bug report that others read: words of ours, counts, and values from doctor-allowed.ts. Nothing else of
   * this host.
   */
  readonly report: string;
  /** What mends it. */
  readonly fix?: string;
}

/** Words of ours alone, which a report may have as they are. */
export function plain(text: string): Pick<HostCheck, 'found' | 'report'> {
  return { found: text, report: text };
}
