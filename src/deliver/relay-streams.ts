import type { Readable, Writable } from 'node:stream';
import type { Connection } from '../connect/connection.js';

/** The size of a read, in bytes. */
const chunk = 65536;

/**
 * Relays without the addon: input → connection, connection → output, with half-close in both directions. Ends when the
 * peer closes, when the reader of `output` is gone, or once `input` has ended and nothing moved for `lingerMs` (-1:
 * never). Rejects if the connection breaks, whichever side ended first, and if `input` or `output` fails.
 */
export async function relayStreams(
  connection: Connection,
  input: AsyncIterable<Uint8Array>,
  output: Writable,
  lingerMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let inputEnded = false;
  const ended = new Promise<void>((resolve, reject) => {
    const moved = () => {
      if (!inputEnded || lingerMs < 0) return;
      clearTimeout(timer);
      timer = setTimeout(resolve, lingerMs);
    };
    const failed = (error: NodeJS.ErrnoException) => (isGone(error) ? resolve() : reject(error));
    output.on('error', failed);
    output.once('close', () => resolve());
    pumpOut(connection, output, moved).then(resolve, reject);
    pumpIn(input, connection, moved).then((all) => {
      inputEnded = all;
      moved();
    }, failed);
  });
  try {
    await ended;
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}

/** Resolves to false if the connection takes no more, which `pumpOut` reports; rejects if `input` fails. */
async function pumpIn(input: AsyncIterable<Uint8Array>, connection: Connection, moved: () => void) {
  for await (const bytes of input) {
    const taken = await connection.write(bytes).then(
      () => true,
      () => false,
    );
    if (!taken) return false;
    moved();
  }
  connection.shutdown();
  return true;
}

/** Stops if `output` fails, which `output` reports by an event. */
async function pumpOut(connection: Connection, output: Writable, moved: () => void): Promise<void> {
  for (;;) {
    const bytes = await connection.read(chunk);
    if (bytes.length === 0) break;
    await new Promise<void>((resolve) => output.write(bytes, (error) => error ?? resolve()));
    moved();
  }
  await new Promise<void>((resolve) => output.end((error?: Error | null) => error ?? resolve()));
}

/** Whether the other end of stdin or stdout is gone; anything else, such as a full disk, is a failure. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** Input that is read from the start, to notice its end while the connection is still being opened. Throws its error after what came before. */
export class EarlyInput implements AsyncIterable<Uint8Array> {
  /** Resolves at end-of-file, or to the input's error. */
  readonly ended: Promise<Error | undefined>;
  readonly #stream: Readable;
  readonly #early: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #done = false;
  #failure: Error | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      const end = (error?: Error) => {
        this.#done = true;
        this.#failure ??= error;
        this.#wake?.();
        resolve(error);
      };
      stream
        .once('end', () => end())
        .once('error', end)
        .once('close', () => end());
    });
    stream.on('data', (bytes: Uint8Array) => {
      this.#early.push(bytes);
      if (this.#early.length >= maxEarly) stream.pause();
      this.#wake?.();
    });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const bytes = this.#early.shift();
      if (bytes) {
        if (this.#early.length < maxEarly) this.#stream.resume();
        yield bytes;
      } else if (this.#done) {
        if (this.#failure) throw this.#failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** Chunks to hold before pausing the stream; ssh sends one, its banner, before it gets the server's. */
const maxEarly = 16;
