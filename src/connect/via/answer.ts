import { now } from '../../clock.js';
import { formatEndpoint, type ViaEndpoint, type ViaSocket } from '../../endpoint.js';
import { ConnectError, errorWith, isOp } from '../../errors.js';
import { type Connection, dropPeeked } from '../connection.js';
import { openFailure } from '../failures/failures.js';

/** What the hypervisor said before the machine's first byte. */
export interface HopAnswer {
  /** "by socat", "errno ENOENT", "no-tool", "failed {…}". */
  readonly text: string;
  /** What it printed on its own before: a message of the day, an echo of .bashrc. */
  readonly printed: string;
}

/** What it printed instead. */
export interface NoAnswer {
  readonly text?: never;
  readonly printed: string;
  /** Whether that was too much to read on. */
  readonly isTooMuch: boolean;
}

/** The most that is read before the answer, and the answer's own limit, in bytes. */
const maxPrinted = 65536;
const maxAnswer = 4096;

/** Reads up to the marker's line, and no byte more. At end-of-file, after `deadline` (of `clock.now`) or too much else: what was printed. */
export async function readAnswer(
  connection: Connection,
  marker: string,
  deadline: number,
): Promise<HopAnswer | NoAnswer> {
  for (let seen = 0; ; ) {
    const bytes = await connection.peek(seen, maxPrinted + maxAnswer, Math.max(0, deadline - now()));
    const found = answerIn(bytes, marker);
    if (found) {
      await dropPeeked(connection, found.length);
      return found;
    }
    const isTooMuch = bytes.length >= maxPrinted + maxAnswer;
    // The time is over, or nothing more will come.
    if (bytes.length === seen || isTooMuch) return { printed: textOf(bytes), isTooMuch };
    seen = bytes.length;
  }
}

/** The answer in what arrived, and the length up to its end; undefined if it is not complete. */
function answerIn(bytes: Uint8Array, marker: string): (HopAnswer & { readonly length: number }) | undefined {
  // One character a byte.
  const all = Buffer.from(bytes).toString('latin1');
  const start = all.indexOf(`${marker} `);
  const end = start < 0 ? -1 : all.indexOf('\n', start);
  if (end < 0) return undefined;
  return {
    text: textOf(bytes.subarray(start + marker.length + 1, end)),
    printed: textOf(bytes.subarray(0, start)),
    length: end + 1,
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').trim();
}

/** A failure of the hop itself. */
export function hopFailure(code: string, endpoint: ViaEndpoint, more?: string): ConnectError {
  return openFailure(endpoint, code, { more });
}

/** An errno of the socket on the hypervisor. */
export function onHost(host: string, at: ViaSocket, code: string, cause?: unknown): ConnectError {
  const error = openFailure(at, code);
  const { problem, hint } = error;
  return errorWith(error, { problem: `on ${host}, ${problem}`, hint: hint && `on ${host}: ${hint}`, cause });
}

/** What the vmssh there reported. */
export function remoteFailure(endpoint: ViaEndpoint, host: string, json: string): ConnectError {
  let report: Partial<Record<'op' | 'code' | 'problem' | 'hint' | 'final', unknown>> = {};
  try {
    report = Object(JSON.parse(json));
  } catch {
    // An answer that was cut off.
  }
  const { op, code, problem, hint, final } = report;
  return new ConnectError(isOp(op) ? op : 'connect', formatEndpoint(endpoint), {
    code: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'UNKNOWN',
    problem: `on ${host}, ${typeof problem === 'string' ? problem : 'vmssh failed'}`,
    hint: typeof hint === 'string' ? `on ${host}: ${hint}` : undefined,
    final: final === true,
  });
}
