import type { Readable } from 'node:stream';

/** Input that is read from the start, so that its end is noticed while the connection is still being opened. */
export class EarlyInput implements AsyncIterable<Uint8Array> {
  /** Resolves at end-of-file, or to the error of the input. */
  readonly ended: Promise<Error | undefined>;
  readonly #stream: Readable;
  readonly #early: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #done = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      const end = (error?: Error) => {
        this.#done = true;
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
      if (this.#early.length >= mostEarly) stream.pause();
      this.#wake?.();
    });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const bytes = this.#early.shift();
      if (bytes) {
        if (this.#early.length < mostEarly) this.#stream.resume();
        yield bytes;
      } else if (this.#done) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** Chunks that are held before the stream is paused; ssh sends one, its own banner, before it has the server's. */
const mostEarly = 16;
