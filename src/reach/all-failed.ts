import { ConnectError, errorWith, type Op } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import { managerExec } from '../sources/as-root.js';
import { type DiscoveredMachine, reachedMachine } from '../sources/source.js';
import { shellOf, shellQuoted } from '../typed/shell.js';

export interface FailedRoute {
  readonly name: string;
  readonly error: ConnectError;
}

/** Each route's reason in one error, with the step, code and fix of the first that got furthest; final if all are. */
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

/** Whether the machine has no sshd, as the error of one of its routes says. */
export function lacksSshd(error: ConnectError | undefined): boolean {
  return [error, error?.cause].flat().some((each) => Object(each).code === 'EXEC_NO_SSHD');
}

const steps: readonly Op[] = ['parse', 'resolve', 'connect', 'handshake', 'relay'];

/** The error of these routes; if nothing serves a socket of the machine, and its manager goes into it, the fix begins with that. */
export async function orSetup<E>(
  error: E,
  routes: readonly { readonly name: string }[],
  machine: DiscoveredMachine | undefined,
  { text, ...deps }: Here & { readonly text: string; readonly signal?: AbortSignal },
): Promise<E | ConnectError> {
  if (!(error instanceof ConnectError && error.hint && unserved.test(error.code))) return error;
  if (!machine || !routes.some(({ name }) => sockets.test(name))) return error;
  if (!(await managerExec(reachedMachine(machine), { ...deps, timeoutMs: maxMs }))) return error;
  const setup = `once it has booted: vmssh setup ${shellQuoted(text, shellOf(deps))}`;
  return errorWith(error, { hint: `${setup}; or ${error.hint}`, otherHint: error.hint });
}

/** How long it may take to ask whether the manager goes in: the error is known already. Milliseconds. */
const maxMs = 2000;

const sockets = /^(?:export|vsock|vsock-mux)$/;
const unserved = /^(?:ECONNRESET|ECONNREFUSED|ETIMEDOUT|EOF|EPIPE|NO_BANNER)$/;
