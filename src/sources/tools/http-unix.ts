import { connect, type Socket } from 'node:net';
import { socketPathProblem } from '../../typed/names.js';
import { type Deps, DiscoveryError } from '../source.js';
import { parseJson } from './json.js';

/** Sends a GET to an HTTP service on a unix socket and resolves to its JSON. Throws a DiscoveryError. */
export type GetJson = (socketPath: string, path: string, deps: Deps) => Promise<unknown>;

/** The whole answer has one deadline and a size limit; a longer one is not parsed. */
export const getJson: GetJson = async (socketPath, path, deps) => {
  const limit = [maxMiB << 20, `${maxMiB} MiB`] as const;
  const body = await getBy(socketPath, path, deps, 'application/json', limit);
  try {
    return parseJson(body.toString());
  } catch (error) {
    const problem = `GET ${path} gave ${(error as Error).message}`;
    throw failure(socketPath, 'PROTOCOL', problem, error);
  }
};

/** The same for an answer of at most `most` bytes, as it comes. */
export function getBytes(socketPath: string, path: string, deps: Deps, most: number): Promise<Buffer> {
  return getBy(socketPath, path, deps, '*/*', [most, `${most} bytes`]);
}

async function getBy(
  socketPath: string,
  path: string,
  { signal, timeoutMs = 5000 }: Deps,
  accept: string,
  [most, limit]: readonly [bytes: number, as: string],
): Promise<Buffer> {
  const problem = socketPathProblem(socketPath);
  if (problem !== undefined) throw new DiscoveryError('INCOMPLETE', problem);
  const question = `GET ${path}`;
  const answer = new Answer(question, most, limit);
  const late = AbortSignal.timeout(timeoutMs);
  const end = signal ? AbortSignal.any([signal, late]) : late;
  const socket = connect({ path: socketPath });
  const request = `${question} HTTP/1.0\r\nhost: localhost\r\naccept: ${accept}\r\n\r\n`;
  try {
    return await answerOf(socket, request, answer, end);
  } catch (error) {
    if (late.aborted) throw failure(socketPath, 'TIMEOUT', `no answer within ${timeoutMs / 1000} s`, error);
    if (signal?.aborted) throw failure(socketPath, 'TIMEOUT', 'no answer in time', error);
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    throw failure(socketPath, code, message, error);
  } finally {
    socket.destroy();
  }
}

function answerOf(socket: Socket, request: string, answer: Answer, end: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const take = (bytes: Buffer | undefined) => {
      try {
        const body = bytes ? answer.push(bytes) : answer.end();
        if (body) resolve(body);
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    };
    const stop = () => reject(end.reason);
    if (end.aborted) return stop();
    end.addEventListener('abort', stop, { once: true });
    // A late error must not end the process.
    socket
      .on('error', reject)
      .on('data', take)
      .on('end', () => take(undefined));
    socket.write(request);
  });
}

/** Of the status line and headers, as Node has it. Bytes. */
const maxHead = 16 * 1024;
/** The length of a body that ends with the connection. */
const untilEnd = 2 ** 53;

/** An answer of HTTP/1.0 (RFC 1945), however its bytes are split: no chunks, and it ends with its Content-Length or with the connection. */
class Answer {
  readonly #parts: Buffer[] = [];
  #length = 0;
  #head = '';
  /** Bytes of the body; undefined until the head is complete. */
  #wanted: number | undefined;
  readonly #question: string;
  readonly #most: number;
  readonly #limit: string;

  /** `limit`: how `most`, in bytes, is named. */
  constructor(question: string, most: number, limit: string) {
    this.#question = question;
    this.#most = most;
    this.#limit = limit;
  }

  /** The body once it is complete. Throws a DiscoveryError if the answer is invalid, too long or no success. */
  push(bytes: Buffer): Buffer | undefined {
    const body = this.#wanted === undefined ? this.#takeHead(bytes) : bytes;
    this.#parts.push(body);
    this.#length += body.length;
    if (this.#wanted === undefined) return undefined;
    if (Math.min(this.#length, this.#wanted) > this.#most)
      throw new DiscoveryError('PROTOCOL', `${this.#question} gave more than ${this.#limit}`);
    return this.#length >= this.#wanted ? Buffer.concat(this.#parts).subarray(0, this.#wanted) : undefined;
  }

  /** The connection has ended. */
  end(): Buffer {
    if (this.#wanted === untilEnd) return Buffer.concat(this.#parts);
    const problem = this.#wanted === undefined ? 'socket hang up' : 'aborted';
    throw Object.assign(new Error(problem), { code: 'ECONNRESET' });
  }

  /** What follows the head, if that is complete. */
  #takeHead(bytes: Buffer): Buffer {
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end > maxHead || (end < 0 && this.#head.length > maxHead)) throw notHttp('its head is too long');
    if (end < 0) return Buffer.alloc(0);
    const [first = '', ...lines] = this.#head.slice(0, end).split('\r\n');
    const [, status] = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(first) ?? [];
    if (status === undefined) throw notHttp('it has no status');
    const isGone = status === '404';
    if (status !== '200')
      throw new DiscoveryError('FAILED', `${this.#question} gave status ${status}`, { isGone });
    if (lines.some((line) => /^transfer-encoding:/i.test(line))) throw notHttp('it comes in chunks');
    const header = lines.find((line) => /^content-length:/i.test(line));
    const length = header?.slice(15).trim();
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw notHttp('its length is no number');
    this.#wanted = length === undefined ? untilEnd : Number(length);
    return Buffer.from(this.#head.slice(end + 4), 'latin1');
  }
}

function notHttp(why: string): DiscoveryError {
  return new DiscoveryError('PROTOCOL', `its answer is not HTTP/1.0: ${why}`);
}

function failure(socketPath: string, code: string, problem: string, cause: unknown): DiscoveryError {
  const isGone = cause instanceof DiscoveryError && cause.isGone;
  return new DiscoveryError(code, `${socketPath}: ${problem}`, { cause, isGone });
}

/** Incus sends some 6 KiB per instance. */
const maxMiB = 16;
