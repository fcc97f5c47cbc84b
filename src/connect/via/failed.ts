import type { ViaEndpoint, ViaSocket } from '../../endpoint.js';
import { ConnectError, isOp } from '../../errors.js';
import { explainFailure } from '../failures/failures.js';

/** A failure of the hop itself. */
export function failed(code: string, endpoint: ViaEndpoint, target: string, more?: string): ConnectError {
  const { problem, hint } = explainFailure(endpoint, code);
  return new ConnectError('connect', target, {
    code,
    problem: more === undefined ? problem : `${problem}: ${more}`,
    hint,
  });
}

/** An errno of the socket on the hypervisor. */
export function onHost(
  host: string,
  at: ViaSocket,
  code: string,
  target: string,
  cause?: unknown,
): ConnectError {
  const { problem, hint } = explainFailure(at, code);
  return new ConnectError('connect', target, {
    code,
    problem: `on ${host}, ${problem}`,
    cause,
    hint: hint && `on ${host}: ${hint}`,
  });
}

/** What the vmssh there reported. */
export function failedThere(host: string, json: string, target: string): ConnectError {
  let report: Partial<Record<'op' | 'code' | 'problem' | 'hint', unknown>> = {};
  try {
    report = Object(JSON.parse(json));
  } catch {
    // An answer that was cut off.
  }
  const { op, code, problem, hint } = report;
  return new ConnectError(isOp(op) ? op : 'connect', target, {
    code: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'UNKNOWN',
    problem: `on ${host}, ${typeof problem === 'string' ? problem : 'vmssh failed'}`,
    hint: typeof hint === 'string' ? `on ${host}: ${hint}` : undefined,
  });
}
