import type { Readable } from 'node:stream';

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
const mostEarly = 16;
