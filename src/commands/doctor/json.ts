import type { Stage } from '../../checks/result.js';
import { connectFailure } from '../../cli/failure.js';
import { findingsOf } from '../../cli/guest/findings.js';
import { type Envelope, envelope, type FailureJson, type FindingJson } from '../../cli/json.js';
import { guestFailures } from '../../guest/failures.js';
import type { HostCheck } from './host/check.js';
import type { Examination } from './target/examine.js';

/** The output of `vmssh doctor --json`. */
export interface DoctorJson extends Envelope<'doctor'> {
  readonly checks: readonly FindingJson[];
}

/** The output of `vmssh doctor --json TARGET`. */
export interface DoctorTargetJson extends DoctorJson {
  /** As typed. */
  readonly target: string;
  readonly stages: readonly Stage[];
  /** What stopped the next stage. */
  readonly error?: FailureJson | undefined;
  /** Possible causes, likeliest first, if the guest could not be checked from inside. */
  readonly suspects: readonly SuspectJson[];
  /** The findings inside the guest; absent if it was not checked. */
  readonly guest?:
    | { readonly checks: readonly FindingJson[]; readonly error?: FailureJson | undefined }
    | undefined;
}

export interface SuspectJson {
  readonly name: string;
  readonly title: string;
  readonly fix: string;
}

export function hostJson(checks: readonly HostCheck[], exitCode: number): DoctorJson {
  const states = { ok: 'ok', bad: 'failed', none: 'skipped' } as const;
  const found = checks.map(({ name, state, found, fix }) => ({ name, state: states[state], found, fix }));
  return { ...envelope('doctor', exitCode), checks: found };
}

export function targetJson(examination: Examination, exitCode: number): DoctorTargetJson {
  const { check, findings, suspects, guest } = examination;
  const { target, stages, error } = check;
  return {
    ...envelope('doctor', exitCode),
    target,
    stages,
    error: error && connectFailure(error),
    checks: findings.map(({ name, state, message, fix }) => ({ name, state, found: message, fix })),
    suspects: suspects
      .flatMap((finding) => finding.suspects ?? [])
      .map((name) => ({ name, title: guestFailures[name].title, fix: guestFailures[name].fix })),
    guest: guest && {
      checks: findingsOf(guest.lines),
      error: guest.notRun && connectFailure(guest.notRun),
    },
  };
}
