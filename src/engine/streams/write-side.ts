import { write } from 'engine:files';
import { remove, watch } from 'engine:loop';
import { pollEvents } from './poll-events.js';

export type WriteCallback = (error?: Error | null) => void;

/** The interface of a stream for its writing side. */
export interface WriteHost {
  emit(name: string, ...args: unknown[]): boolean;
  /** Everything was written, and nothing more will be. */
  writeFinished(): void;
  writeFailed(error: Error): void;
}

interface Piece {
  bytes: Uint8Array;
  readonly callback: WriteCallback | undefined;
}

/** Writes to a non-blocking descriptor, in the order of the calls. */
export class WriteSide {
  readonly #host: WriteHost;
  readonly #queue: Piece[] = [];
  #descriptor: number | undefined;
  #watch: number | undefined;
  /** Somebody was told to wait for "drain". */
  #toldToWait = false;
  ended = false;
  finished = false;

  constructor(host: WriteHost) {
    this.#host = host;
  }

  open(descriptor: number): void {
    this.#descriptor = descriptor;
    this.#drain();
  }

  close(error: Error | undefined): void {
    if (this.#watch !== undefined) remove(this.#watch);
    this.#watch = undefined;
    this.#descriptor = undefined;
    const reason =
      error ?? codedError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
    for (const { callback } of this.#queue.splice(0)) queueMicrotask(() => callback?.(reason));
  }

  /** Whether nothing is waiting. */
  write(bytes: Uint8Array, callback: WriteCallback | undefined): boolean {
    this.#queue.push({ bytes, callback });
    this.#drain();
    this.#toldToWait ||= this.#queue.length > 0;
    return this.#queue.length === 0;
  }

  end(): void {
    this.ended = true;
    this.#drain();
  }

  #drain(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined || this.#watch !== undefined) return;
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      if (!this.#writeSome(descriptor, piece)) return;
    }
    if (this.#toldToWait && !this.ended) queueMicrotask(() => this.#host.emit('drain'));
    this.#toldToWait = false;
    if (!this.ended || this.finished) return;
    this.finished = true;
    this.#host.writeFinished();
  }

  /** Whether to go on with the next one. */
  #writeSome(descriptor: number, piece: Piece): boolean {
    try {
      piece.bytes = piece.bytes.subarray(write(descriptor, piece.bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINTR') return true;
      if (code === 'EAGAIN') this.#await(descriptor);
      else this.#host.writeFailed(error as Error);
      return false;
    }
    if (piece.bytes.length > 0) return true;
    this.#queue.shift();
    const { callback } = piece;
    if (callback) queueMicrotask(() => callback(null));
    return true;
  }

  #await(descriptor: number): void {
    this.#watch = watch(descriptor, pollEvents.out, () => {
      if (this.#watch !== undefined) remove(this.#watch);
      this.#watch = undefined;
      this.#drain();
    });
  }
}

export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
