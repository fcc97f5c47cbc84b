import { exhaustion } from '../../connect/failures/failure.js';
import { ConnectError } from '../../errors.js';

/** Why a proxy stopped connecting: ssh is gone, or our own stdin failed. `signal` comes from the watch on both. */
export function callerGone(text: string, { reason }: AbortSignal, cause: unknown): ConnectError {
  const { code, message } = (reason ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (typeof code === 'string' && !hangUps.has(code)) {
    const problem = `stdin cannot be read: ${message}`;
    return new ConnectError('connect', text, { code, problem, hint: exhaustion(code)?.hint, cause: reason });
  }
  const problem = 'ssh went away before the connection was made (its end of stdin or stdout is closed)';
  return new ConnectError('connect', text, { code: 'EPIPE', problem, cause });
}

/** The errors of a socket to an ssh that has exited. */
const hangUps: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
