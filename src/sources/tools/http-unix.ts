import { connect } from 'node:net';
import { socketPathProblem } from '../../typed/names.js';
import { type Deps, DiscoveryError } from '../source.js';
import { parseJson } from './json.js';

/** Sends a GET to an HTTP service on a unix socket and resolves to its JSON. Throws a DiscoveryError. */
export type GetJson = (socketPath: string, path: string, deps: Deps) => Promise<unknown>;

/** The whole answer has one deadline and a size limit; a longer one is not parsed. */
export const getJson: GetJson = async (socketPath, path, deps) => {
  const body = await getBytes(socketPath, path, deps, maxBytes, 'application/json');
  try {
    return parseJson(body.toString());
  } catch (error) {
    const problem = `GET ${path} gave ${(error as Error).message}`;
    throw failure(socketPath, 'PROTOCOL', problem, error);
  }
};

/** Incus sends some 6 KiB per instance. */
const maxBytes = 16 << 20;

/** The same for an answer of at most `most` bytes, as it comes. */
export async function getBytes(
  socketPath: string,
  path: string,
  { signal, timeoutMs = 5000 }: Deps,
  most: number,
  accept = '*/*',
): Promise<Buffer> {
  const problem = socketPathProblem(socketPath);
  if (problem !== undefined) throw new DiscoveryError('INCOMPLETE', problem);
  const question = `GET ${path}`;
  const late = AbortSignal.timeout(timeoutMs);
  const end = signal ? AbortSignal.any([signal, late]) : late;
  const socket = connect({ path: socketPath });
  // A late error must not end the process.
  socket.on('error', () => {});
  const stop = () => void socket.destroy(new Error('late'));
  end.addEventListener('abort', stop);
  if (end.aborted) stop();
  try {
    socket.write(`${question} HTTP/1.0\r\nhost: localhost\r\naccept: ${accept}\r\n\r\n`);
    return await bodyOf(socket, question, most);
  } catch (error) {
    if (late.aborted) throw failure(socketPath, 'TIMEOUT', `no answer within ${timeoutMs / 1000} s`, error);
    if (signal?.aborted) throw failure(socketPath, 'TIMEOUT', 'no answer in time', error);
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    throw failure(socketPath, code, message, error);
  } finally {
    end.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** The most for the status line and headers, as in Node. Bytes. */
const maxHead = 16 * 1024;

// The body of an answer of HTTP/1.0 (RFC 1945), however its bytes are split: no chunks, and it ends with its
// Content-Length or with the connection. Throws a DiscoveryError if the answer is invalid, too long or no success.
async function bodyOf(socket: AsyncIterable<Buffer>, question: string, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  let head = '';
  let wanted: number | undefined;
  for await (const chunk of socket) {
    let bytes = chunk;
    if (wanted === undefined) {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end > maxHead || (end < 0 && head.length > maxHead)) throw notHttp('its head is too long');
      if (end < 0) continue;
      wanted = lengthIn(head.slice(0, end), question);
      bytes = Buffer.from(head.slice(end + 4), 'latin1');
    }
    parts.push(bytes);
    length += bytes.length;
    if (Math.min(length, wanted) > most)
      throw new DiscoveryError('PROTOCOL', `${question} gave more than ${most >> 10} KiB`);
    if (length >= wanted) return Buffer.concat(parts).subarray(0, wanted);
  }
  if (wanted === untilEnd) return Buffer.concat(parts);
  throw new DiscoveryError('ECONNRESET', 'the connection ended before the answer');
}

/** The length of a body that ends with the connection. */
const untilEnd = 2 ** 53;

function lengthIn(head: string, question: string): number {
  const [first = '', ...lines] = head.split('\r\n');
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(first) ?? [];
  if (status === undefined) throw notHttp('it has no status');
  const isGone = status === '404';
  if (status !== '200') throw new DiscoveryError('FAILED', `${question} gave status ${status}`, { isGone });
  if (lines.some((line) => /^transfer-encoding:/i.test(line))) throw notHttp('it comes in chunks');
  const header = lines.find((line) => /^content-length:/i.test(line));
  const length = header?.slice(15).trim() ?? `${untilEnd}`;
  if (!/^\d{1,16}$/.test(length)) throw notHttp('its length is no number');
  return Number(length);
}

function notHttp(why: string): DiscoveryError {
  return new DiscoveryError('PROTOCOL', `its answer is not HTTP/1.0: ${why}`);
}

function failure(socketPath: string, code: string, problem: string, cause: unknown): DiscoveryError {
  const isGone = cause instanceof DiscoveryError && cause.isGone;
  return new DiscoveryError(code, `${socketPath}: ${problem}`, { cause, isGone });
}
