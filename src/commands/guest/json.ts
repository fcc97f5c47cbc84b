import { findingsOf } from '../../cli/guest/findings.js';
import { type Envelope, envelope, type FindingJson } from '../../cli/json.js';
import type { ProgressLine } from '../../guest/run/progress.js';

/** The output of `vmssh guest check --json`. */
export interface GuestCheckJson extends Envelope<'guest check'> {
  readonly checks: readonly FindingJson[];
}

export function guestCheckJson(lines: readonly ProgressLine[], exitCode: number): GuestCheckJson {
  return { ...envelope('guest check', exitCode), checks: findingsOf(lines) };
}
