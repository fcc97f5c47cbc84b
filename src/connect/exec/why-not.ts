import type { ExecEndpoint } from '../../endpoint.js';
import { ConnectError, quote } from '../../errors.js';
import type { Ended } from '../../process/ending.js';
import { explainFailure } from '../failures/failures.js';
import type { OpenOptions } from '../open-options.js';
import { type Cause, inMachine } from './in-machine.js';
import { codeOfMessage } from './messages.js';

/** What a program did instead of giving a banner. */
export interface NoServer {
  /** What came before it stopped, on stdout and on stderr. */
  readonly printed: string;
  readonly said: string;
  /** Undefined if it goes on. */
  readonly end?: Ended | undefined;
  /** Whether it is late, or printed too much. */
  readonly stopped?: 'late' | 'too much' | undefined;
  /** Why it was not started. */
  readonly failure?: unknown;
}

/** The error for it. One that nothing printed explains is looked for in the machine. */
export async function whyNot(
  endpoint: ExecEndpoint,
  seen: NoServer,
  options: OpenOptions,
): Promise<ConnectError> {
  const cause = causeOf(endpoint, seen);
  const found =
    cause.code === 'EXEC_FAILED' && endpoint.into === 'shell' && (await inMachine(endpoint, options));
  const { code, more, hint } = found || cause;
  const row = explainFailure(endpoint, code);
  return new ConnectError('connect', options.target, {
    code,
    problem: more === undefined ? row.problem : `${row.problem}: ${more}`,
    hint: hint ?? row.hint,
    cause: seen.failure,
  });
}

function causeOf(endpoint: ExecEndpoint, { printed, said, end, stopped, failure }: NoServer): Cause {
  if (failure !== undefined) {
    const { code, message } = failure as NodeJS.ErrnoException;
    return {
      code: code === 'ENOENT' || code === 'EACCES' ? 'EXEC_NO_PROGRAM' : 'EXEC_FAILED',
      more: code === 'ENOENT' ? 'it is not installed, or not in PATH' : message,
    };
  }
  const words = [said, printed].map((text) => text.trim()).find((text) => text !== '');
  const more = words === undefined ? undefined : `it printed ${quote(words.slice(0, mostQuoted))}`;
  if (stopped === 'too much') return { code: 'EXEC_NO_BANNER', more };
  const known = codeOfMessage(said, endpoint);
  if (known !== undefined) return { code: known, more };
  if (stopped === 'late') return { code: 'EXEC_SILENT', more };
  const how = end?.signal ? `a signal ended it: ${end.signal}` : end && `exit code ${end.code}`;
  return {
    code: 'EXEC_FAILED',
    more: [how, more].filter((part) => part !== undefined).join('; ') || undefined,
  };
}

const mostQuoted = 300;
