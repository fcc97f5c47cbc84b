import { type ConnectError, errorWith, type Op } from '../errors.js';

export interface FailedRoute {
  readonly name: string;
  readonly error: ConnectError;
}

/**
 * One error for all routes (`failed` is not empty), with the reason of each. Its step, code and fix are those of the route that got furthest, or of
 * the earlier of two; it is final if all are. If only one route failed, its own error.
 */
export function allFailed(failed: readonly FailedRoute[]): ConnectError {
  const [first, ...others] = failed;
  if (first === undefined) throw new TypeError('no route was tried');
  if (others.length === 0) return first.error;
  const rank = ({ error }: FailedRoute) => steps.indexOf(error.op);
  const furthest = others.reduce((best, each) => (rank(each) > rank(best) ? each : best), first).error;
  return errorWith(furthest, {
    final: failed.every(({ error }) => error.final),
    problem: failed.map(({ name, error }) => `${name}: ${error.problem}`).join('; '),
    cause: failed.map(({ error }) => error),
  });
}

const steps: readonly Op[] = ['parse', 'resolve', 'connect', 'handshake', 'relay'];
