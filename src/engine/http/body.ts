/** The body of an answer, as a stream. */
export class Body implements AsyncIterable<Buffer> {
  readonly #parts: Buffer[] = [];
  #wake = () => {};
  #failure: Error | undefined;
  #complete = false;

  take(part: Buffer): void {
    this.#parts.push(part);
    this.#wake();
  }

  finish(): void {
    this.#complete = true;
    this.#wake();
  }

  /** Further reads throw this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const next = this.#parts.shift();
      if (next) yield next;
      else if (this.#complete) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
