import { ConnectError } from '../errors.js';
import { Interrupter, type Interruption } from '../interruption.js';

/**
 * What `ask` finds within `timeoutMs`; then the signal that it gets is aborted, as it is by `outer`, also later on. Throws a
 * ConnectError TIMEOUT.
 */
export async function inTime<T>(
  text: string,
  timeoutMs: number,
  outer: Interruption | undefined,
  ask: (signal: Interruption) => Promise<T>,
): Promise<T> {
  const own = new Interrupter();
  const late = new ConnectError('resolve', text, {
    code: 'TIMEOUT',
    problem: `the machine's manager did not answer within ${timeoutMs / 1000} s`,
    hint: 'allow more time with --timeout',
  });
  const end = () => own.abort(outer?.reason);
  if (outer?.aborted) end();
  outer?.addEventListener('abort', end);
  const timer = setTimeout(() => own.abort(late), timeoutMs);
  try {
    return await ask(own);
  } catch (error) {
    throw own.reason === late ? late : error;
  } finally {
    clearTimeout(timer);
  }
}
