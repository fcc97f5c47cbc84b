import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Deps, DiscoveryError } from '../provider.js';
import { parseJson } from './json.js';

/** Sends a GET to an HTTP service on a unix socket and resolves to its JSON. Throws a DiscoveryError. */
export type GetJson = (socketPath: string, path: string, deps: Deps) => Promise<unknown>;

/** The whole answer has one deadline and a size limit; a longer one is not parsed. */
export const getJson: GetJson = (socketPath, path, deps) =>
  getBy(socketPath, path, deps, 'application/json', async (asked, question) => {
    const bytes = await answerTo(asked, question, maxMiB << 20, `${maxMiB} MiB`);
    try {
      return parseJson(bytes.toString());
    } catch (error) {
      throw new DiscoveryError('PROTOCOL', `${question} gave ${(error as Error).message}`, { cause: error });
    }
  });

/** The same for an answer of at most `most` bytes, as it comes. */
export function getBytes(socketPath: string, path: string, deps: Deps, most: number): Promise<Buffer> {
  return getBy(socketPath, path, deps, '*/*', (asked, question) =>
    answerTo(asked, question, most, `${most} bytes`),
  );
}

async function getBy<T>(
  socketPath: string,
  path: string,
  { signal, timeoutMs = 5000 }: Deps,
  accept: string,
  read: (asked: ClientRequest, question: string) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeoutMs);
  const asked = request({
    socketPath,
    path,
    agent: false,
    headers: { host: 'localhost', accept },
    signal: signal ? AbortSignal.any([signal, late]) : late,
  });
  // A late one must not end the process.
  asked.on('error', () => {});
  try {
    return await read(asked.end(), `GET ${path}`);
  } catch (error) {
    if (late.aborted) throw failure(socketPath, 'TIMEOUT', `no answer within ${timeoutMs / 1000} s`, error);
    if (signal?.aborted) throw failure(socketPath, 'TIMEOUT', 'no answer in time', error);
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    // An error of Node's HTTP parser.
    if (code.startsWith('HPE_'))
      throw failure(socketPath, 'PROTOCOL', `its answer is not HTTP (${code})`, error);
    throw failure(socketPath, code, message, error);
  } finally {
    asked.destroy();
  }
}

async function answerTo(
  asked: ClientRequest,
  question: string,
  most: number,
  limit: string,
): Promise<Buffer> {
  const [response]: IncomingMessage[] = await once(asked, 'response');
  const status = response?.statusCode;
  if (status !== 200)
    throw new DiscoveryError('FAILED', `${question} gave status ${status}`, { isGone: status === 404 });
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) throw new DiscoveryError('PROTOCOL', `${question} gave more than ${limit}`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function failure(socketPath: string, code: string, problem: string, cause: unknown): DiscoveryError {
  const isGone = cause instanceof DiscoveryError && cause.isGone;
  return new DiscoveryError(code, `${socketPath}: ${problem}`, { cause, isGone });
}

/** Incus sends some 6 KiB per instance. */
const maxMiB = 16;
