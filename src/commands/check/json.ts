import { type CheckedRoute, type CheckResult, codeOf, type Stage } from '../../checks/result.js';
import { connectFailure } from '../../cli/failure.js';
import { type Envelope, envelope, type FailureJson } from '../../cli/json.js';
import { exitCode } from '../../errors.js';

/** What `vmssh check --json` prints. */
export interface CheckJson extends Envelope<'check'> {
  readonly results: readonly CheckedJson[];
}

/** One target's check. */
export interface CheckedJson {
  /** As typed. */
  readonly target: string;
  readonly ok: boolean;
  readonly exitCode: number;
  readonly stages: readonly Stage[];
  /** Only of a machine with several. */
  readonly routes?: readonly CheckedRoute[] | undefined;
  /** What stopped the next stage. */
  readonly error?: FailureJson | undefined;
}

export function checkJson(results: readonly CheckResult[]): CheckJson {
  return { ...envelope('check', codeOfAll(results)), results: results.map(checked) };
}

/** The exit code of the first target that failed. */
export function codeOfAll(results: readonly CheckResult[]): number {
  return results.map(codeOf).find((code) => code !== exitCode.ok) ?? exitCode.ok;
}

function checked(result: CheckResult): CheckedJson {
  const { target, stages, routes = [], error } = result;
  return {
    target,
    ok: error === undefined,
    exitCode: codeOf(result),
    stages,
    ...(routes.length === 0 ? {} : { routes }),
    error: error && connectFailure(error),
  };
}
