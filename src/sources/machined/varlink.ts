import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fitsSocket, maxSocketPath } from '../../typed/names.js';
import { isJsonObject, type JsonObject, parseJson } from '../tools/json.js';

/** Why a varlink call gave no answer; `problem` is one clause without a full stop. */
export class VarlinkError extends Error {
  override readonly name = 'VarlinkError';
  /** The service's error name ("io.systemd.Machine.NoSuchMachine"), an errno's name, PROTOCOL or TIMEOUT. */
  readonly code: string;
  readonly problem: string;
  /** The parameters of the service's error; undefined if the error is not the service's. */
  readonly parameters: JsonObject | undefined;

  constructor(code: string, problem: string, parameters?: JsonObject) {
    super(`${code}: ${problem}`);
    this.code = code;
    this.problem = problem;
    this.parameters = parameters;
  }
}

/** The limits of a peer's answer to one call. */
interface Limits {
  readonly frameBytes: number;
  readonly totalBytes: number;
  readonly replies: number;
}

interface CallOptions {
  /** Asks for any number of replies; without it the service sends one. */
  readonly more?: boolean;
  readonly signal?: AbortSignal;
  /** The time for the whole call, from the connect to the last reply. */
  readonly timeoutMs?: number;
  readonly limits?: Limits;
}

/** Resolves to the parameters of the replies of the service at a unix socket. Rejects with VarlinkError, or with the signal's reason. */
export async function call(
  path: string,
  method: string,
  parameters: JsonObject,
  options: CallOptions = {},
  connect: (path: string) => Duplex = (path) => netConnect({ path }),
): Promise<readonly JsonObject[]> {
  const { more = false, signal, timeoutMs = 5_000, limits = defaultLimits } = options;
  signal?.throwIfAborted();
  if (!fitsSocket(path)) {
    const problem = `the socket's path has ${Buffer.byteLength(path)} bytes, ${maxSocketPath} is the limit`;
    throw new VarlinkError('ENAMETOOLONG', problem);
  }
  const socket = connect(path);
  // Iteration reports the socket's error; one that comes later must not end the process.
  socket.on('error', () => {});
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort);
  const giveUp = () => socket.destroy(new VarlinkError('TIMEOUT', `no answer within ${timeoutMs} ms`));
  const timer = setTimeout(giveUp, timeoutMs);
  try {
    socket.write(encodeFrame(more ? { method, parameters, more } : { method, parameters }));
    return await collect(socket, more, limits);
  } catch (error) {
    throw signal?.aborted ? signal.reason : asVarlinkError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

export type Call = typeof call;

const defaultLimits: Limits = { frameBytes: 1 << 20, totalBytes: 16 << 20, replies: 4096 };

async function collect(socket: AsyncIterable<Uint8Array>, more: boolean, limits: Limits) {
  const frames = new FrameReader(limits.frameBytes);
  const replies: JsonObject[] = [];
  let received = 0;
  for await (const chunk of socket) {
    received += chunk.length;
    if (received > limits.totalBytes) throw protocol(`the peer sends more than ${limits.totalBytes} bytes`);
    for (const frame of frames.push(chunk)) {
      const reply = parseReply(frame);
      if (replies.push(reply.parameters) > limits.replies)
        throw protocol(`the peer sends more than ${limits.replies} replies`);
      if (!reply.continues) return replies;
      if (!more) throw protocol('the peer announces more replies than were asked for');
    }
  }
  if (received === 0)
    throw new VarlinkError('ECONNRESET', 'the peer closed the connection without an answer');
  throw protocol('the peer closed the connection before its answer was complete');
}

function parseReply({ error, parameters: raw, continues }: JsonObject) {
  const parameters = raw ?? {};
  if (!isJsonObject(parameters)) throw protocol('the peer sent parameters that are not a JSON object');
  if (error === undefined || error === null) return { parameters, continues: continues === true };
  const name = typeof error === 'string' ? errorName.exec(error)?.[0] : undefined;
  if (name === undefined) throw protocol('the peer sent an error without a name');
  throw new VarlinkError(name, 'the service refused the call', parameters);
}

// An interface's name, with a dot, and the error's own: never the same as one of our codes.
const errorName = /^[A-Za-z](?:[A-Za-z0-9.-]{0,253})\.[A-Za-z][A-Za-z0-9]{0,253}$/;

function asVarlinkError(error: unknown): VarlinkError {
  if (error instanceof VarlinkError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return /^E[A-Z0-9]+$/.test(code) ? new VarlinkError(code, message) : protocol(message);
}

function protocol(problem: string): VarlinkError {
  return new VarlinkError('PROTOCOL', problem);
}

/** A varlink message: JSON and a NUL byte (https://varlink.org/Method-Call). */
export function encodeFrame(message: JsonObject): string {
  return `${JSON.stringify(message)}\0`;
}

/** Splits a peer's bytes, in chunks of any size, into messages; buffers at most `limit` bytes of one without its NUL. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The messages that `chunk` completes, each parsed when it is read. Throws VarlinkError PROTOCOL. */
  *push(chunk: Uint8Array): Generator<JsonObject, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const frame = Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#size = 0;
      yield parseFrame(frame);
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#limit) throw protocol(`the peer sends a frame of more than ${this.#limit} bytes`);
    this.#pieces.push(piece);
  }
}

function parseFrame(frame: Uint8Array): JsonObject {
  try {
    const message = parseJson(utf8.decode(frame));
    if (isJsonObject(message)) return message;
  } catch {}
  throw protocol('the peer sent a frame that is not a JSON object');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
