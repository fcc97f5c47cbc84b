/** One line of the doctor: "none" where it does not matter here. */
export interface HostCheck {
  readonly name: string;
  readonly state: 'ok' | 'bad' | 'none';
  readonly found: string;
  /** What mends it. */
  readonly cure?: string;
}
